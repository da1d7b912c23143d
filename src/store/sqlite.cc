#include "store/sqlite.h"

#include <sqlite3.h>

#include <bit>
#include <type_traits>

namespace ipguard::store {
namespace {

Errc errc_of(int code) {
  switch (code & 0xff) {  // the primary code of an extended one
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Errc::busy;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Errc::corrupt;
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_READONLY:
      return Errc::permission;
    default:
      return Errc::failed;
  }
}

// SQLite's own words, with the system's reason where there is one ("disk I/O error: No space left on device").
std::unexpected<Error> sqlite_error(sqlite3* connection, int code) {
  std::string text = sqlite3_errstr(code);
  if (connection != nullptr) {
    if (sqlite3_errcode(connection) == (code & 0xff)) {
      text = sqlite3_errmsg(connection);
    }
    const int primary = code & 0xff;
    const int system_error = sqlite3_system_errno(connection);
    if (system_error != 0 && (primary == SQLITE_IOERR || primary == SQLITE_CANTOPEN)) {
      return fail_errno(text, system_error);
    }
  }
  return fail(errc_of(code), text);
}

// What `read` makes of the first row that `sql` yields.
template <typename Read>
auto query_first(Database& database, std::string_view sql, Read read)
    -> Result<typename std::invoke_result_t<Read, const Statement&>::value_type> {
  auto statement = database.prepare(sql);
  if (!statement) {
    return std::unexpected(statement.error());
  }
  const auto row = statement->step();
  if (!row) {
    return std::unexpected(row.error());
  }
  auto value = *row ? read(*statement) : std::nullopt;
  if (!value) {
    return fail(Errc::corrupt, "no value comes back from: " + std::string(sql));
  }
  return *value;
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* connection) const { sqlite3_close(connection); }

void Statement::note(int code) {
  if (code != SQLITE_OK && bind_error_ == SQLITE_OK) {
    bind_error_ = code;
  }
}

Statement& Statement::add(int64_t value) {
  note(sqlite3_bind_int64(statement_.get(), ++parameter_, value));
  return *this;
}

Statement& Statement::add_bits(uint64_t value) { return add(std::bit_cast<int64_t>(value)); }

Statement& Statement::add_text(std::string_view value) {
  // A null pointer would become NULL; an empty view may hold one.
  const char* data = value.empty() ? "" : value.data();
  note(sqlite3_bind_text64(statement_.get(), ++parameter_, data, value.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

Statement& Statement::add_bytes(std::string_view value) {
  const char* data = value.empty() ? "" : value.data();
  note(sqlite3_bind_blob64(statement_.get(), ++parameter_, data, value.size(), SQLITE_STATIC));
  return *this;
}

Statement& Statement::add_null() {
  note(sqlite3_bind_null(statement_.get(), ++parameter_));
  return *this;
}

Result<bool> Statement::step() {
  const int code = bind_error_ != SQLITE_OK ? bind_error_ : sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) {
    return true;
  }
  if (code == SQLITE_DONE) {
    return false;
  }
  return sqlite_error(sqlite3_db_handle(statement_.get()), code);
}

Result<> Statement::run() {
  const auto row = step();
  reset();
  if (!row) {
    return std::unexpected(row.error());
  }
  return {};
}

void Statement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
  parameter_ = 0;
  bind_error_ = SQLITE_OK;
}

std::optional<int64_t> Statement::integer(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_INTEGER) {
    return std::nullopt;
  }
  return sqlite3_column_int64(statement_.get(), column);
}

std::optional<uint64_t> Statement::bits(int column) const {
  const auto value = integer(column);
  return value ? std::optional(std::bit_cast<uint64_t>(*value)) : std::nullopt;
}

std::optional<std::string_view> Statement::bytes(int column) const {
  const int type = sqlite3_column_type(statement_.get(), column);
  if (type != SQLITE_TEXT && type != SQLITE_BLOB) {
    return std::nullopt;
  }
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (data == nullptr || size <= 0) {
    return std::string_view{};
  }
  return std::string_view(data, static_cast<size_t>(size));
}

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

Result<Database> Database::open(const std::string& path) {
  // Memory statistics would take a mutex with every allocation. Refused, which is no harm, once SQLite has begun.
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  Database database(raw);  // also after a failure the handle must be closed
  if (code != SQLITE_OK) {
    return sqlite_error(raw, code);
  }
  sqlite3_extended_result_codes(raw, 1);
  // A damaged or planted schema must not be able to do more than hold rows.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  return database;
}

Result<> Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(connection_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return sqlite_error(connection_.get(), code);
  }
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(connection_.get(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    return sqlite_error(connection_.get(), code);
  }
  return Statement(statement);
}

Result<int64_t> Database::query_integer(std::string_view sql) {
  return query_first(*this, sql, [](const Statement& row) { return row.integer(0); });
}

Result<std::string> Database::query_text(std::string_view sql) {
  return query_first(*this, sql, [](const Statement& row) -> std::optional<std::string> {
    const auto text = row.bytes(0);
    return text ? std::optional<std::string>(*text) : std::nullopt;
  });
}

bool Database::in_transaction() const { return sqlite3_get_autocommit(connection_.get()) == 0; }

int64_t Database::changes() const { return sqlite3_changes64(connection_.get()); }

int64_t Database::last_id() const { return sqlite3_last_insert_rowid(connection_.get()); }

}  // namespace ipguard::store
