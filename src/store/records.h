// Records: the tables of ipguard.db as values, one call a statement or two. No transactions here: Store has them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/sqlite.h"
#include "store/statements.h"
#include "store/store.h"

namespace ipguard::store {

class Records {
 public:
  // Opens, checks the file's structure and migrates. Errc::corrupt: the file has to go.
  [[nodiscard]] static Result<Records> open(const std::string& path);

  [[nodiscard]] Result<> begin() { return statements_.begin.run(); }
  [[nodiscard]] Result<> commit() { return statements_.commit.run(); }
  // Moves the write-ahead log into the database; not within a transaction.
  [[nodiscard]] Result<> checkpoint();
  // Whatever SQLite has not rolled back by itself.
  void rollback();

  // The row of an active decision, in the place of what is active on the target.
  [[nodiscard]] Result<> put_active(const model::Decision& decision);
  [[nodiscard]] Result<> insert_ended(const EndedDecision& ended);
  [[nodiscard]] Result<> delete_active(const model::Target& target);
  [[nodiscard]] Result<> put_history(const TargetHistory& history);
  [[nodiscard]] Result<> put_cursor(const model::Cursor& row);
  [[nodiscard]] Result<> delete_cursor(const model::Cursor& row);
  [[nodiscard]] Result<> put_losses(const model::SourceLosses& losses);
  [[nodiscard]] Result<> delete_losses(const std::string& source);
  [[nodiscard]] Result<> put_good_client(const model::GoodClient& client);
  // At most `limit` ended decisions from before `before` or beyond the newest `kept`, as many history rows, and as many
  // good clients. Returns the most rows that went of any of them.
  [[nodiscard]] Result<int64_t> delete_old(TimePoint before, int64_t kept, int64_t limit);

  // In the order of their insertion.
  [[nodiscard]] Result<> active(const std::function<void(model::Decision&)>& take);  // without their evidence
  [[nodiscard]] Result<std::vector<EndedDecision>> ended(uint32_t limit);
  [[nodiscard]] Result<std::optional<model::DecisionTexts>> texts(const model::Target& target,
                                                                  bool with_evidence);  // of the active one
  [[nodiscard]] Result<std::vector<TargetHistory>> history();
  [[nodiscard]] Result<std::vector<model::Cursor>> cursors();
  [[nodiscard]] Result<std::vector<model::SourceLosses>> losses();
  [[nodiscard]] Result<std::vector<model::GoodClient>> good_clients();

  // Rows skipped so far because their content cannot be right.
  [[nodiscard]] uint64_t bad_rows() const { return bad_rows_; }

 private:
  Records(Database database, Statements statements)
      : database_(std::move(database)), statements_(std::move(statements)) {}

  // Calls `take` for each row of `statement`; rows for which it returns false are counted as bad.
  [[nodiscard]] Result<> each_row(Statement& statement, std::string_view table, const auto& take);
  [[nodiscard]] Result<std::vector<model::EvidenceLine>> evidence_of(int64_t decision);
  // Without its evidence; `ended` is null for an active one.
  [[nodiscard]] static Result<> insert(Statement& statement, const model::Decision& decision,
                                       const EndedDecision* ended);
  [[nodiscard]] Result<> insert_evidence(int64_t decision, const std::vector<model::EvidenceLine>& lines);

  Database database_;
  Statements statements_;  // destroyed before the database
  uint64_t bad_rows_ = 0;
};

}  // namespace ipguard::store
