// The one file that knows sqlite3.h (with sqlite.cc): a database connection and prepared statements as owned values,
// errors as Result. Owned by one thread (SQLITE_OPEN_NOMUTEX).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace ipguard::store {

// A prepared statement. Must be destroyed before its Database.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* statement) : statement_(statement) {}

  // Values for the statement's parameters, in their order, counted from the last reset(). Text and bytes are not
  // copied: they must live until reset() or the end of run().
  Statement& add(int64_t value);
  Statement& add_bits(uint64_t value);  // all 64 bits, held as a signed integer; read back with bits()
  Statement& add_text(std::string_view value);
  Statement& add_bytes(std::string_view value);  // what may hold NUL or invalid UTF-8
  Statement& add_null();

  // The next row: true if there is one. After false or an error only reset() may follow.
  [[nodiscard]] Result<bool> step();
  // For statements without rows: executes and resets.
  [[nodiscard]] Result<> run();
  // Forgets rows and values, ends a read.
  void reset();

  // Columns of the current row, from 0; nullopt when the value is of another type. Views live until the next step().
  [[nodiscard]] std::optional<int64_t> integer(int column) const;
  [[nodiscard]] std::optional<uint64_t> bits(int column) const;
  [[nodiscard]] std::optional<std::string_view> bytes(int column) const;  // text or blob
  [[nodiscard]] bool is_null(int column) const;

 private:
  void note(int code);

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int parameter_ = 0;   // values added since reset()
  int bind_error_ = 0;  // first failure of an add…(), reported by step()
};

class Database {
 public:
  // `path` must exist (it is created by the caller, with the right mode) or be ":memory:".
  [[nodiscard]] static Result<Database> open(const std::string& path);

  // One or more statements whose rows are of no interest.
  [[nodiscard]] Result<> execute(const std::string& sql);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);
  // The first column of the first row; for pragmas.
  [[nodiscard]] Result<int64_t> query_integer(std::string_view sql);
  [[nodiscard]] Result<std::string> query_text(std::string_view sql);

  [[nodiscard]] bool in_transaction() const;
  // Rows that the last INSERT, UPDATE or DELETE changed, and the id of the last inserted row.
  [[nodiscard]] int64_t changes() const;
  [[nodiscard]] int64_t last_id() const;

 private:
  explicit Database(sqlite3* connection) : connection_(connection) {}

  struct Close {
    void operator()(sqlite3* connection) const;
  };
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace ipguard::store
