#include "codehelper/index/sqlite.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <utility>

namespace codehelper {
namespace {

constexpr int kBusyTimeoutMs = 5000;

std::unexpected<Error> translate(sqlite3* handle, int code, const std::filesystem::path& file, const SqliteRole& role) {
  const std::string detail = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  const std::string name = file.string();
  const bool has_no_room = handle != nullptr && (code & 0xFF) == SQLITE_IOERR && sqlite3_system_errno(handle) == ENOSPC;
  switch (has_no_room ? SQLITE_FULL : code & 0xFF) {
    case SQLITE_FULL:
      return fail(ErrorCode::unavailable,
                  fmt::format("the disk is full while writing {}: free space there{}", name, role.when_full));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fail_as_damaged(file, detail, role);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fail(ErrorCode::unavailable, fmt::format("{} was locked by another process for over {} s: try again", name,
                                                      kBusyTimeoutMs / 1000));
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
    case SQLITE_AUTH:
      return fail(ErrorCode::unavailable,
                  fmt::format("can't open {} for writing ({}): make its folder writable, or set CODEHELPER_DATA_DIR",
                              name, detail));
    default:
      return fail(ErrorCode::unavailable, fmt::format("{} {} failed: {}", role.name, name, detail));
  }
}

}  // namespace

const SqliteRole kIndexRole{"the index", " and index again",
                            "index again from scratch (POST /project with \"reindex\": true, or codehelper ingest "
                            "--from-scratch PATH)"};

std::unexpected<Error> fail_as_damaged(const std::filesystem::path& file, std::string_view detail,
                                       const SqliteRole& role) {
  return fail(ErrorCode::unavailable,
              fmt::format("{} {} can't be used ({}): {}", role.name, file.string(), detail, role.when_wrong));
}

sqlite3_stmt* IdleStatements::take(std::string_view sql) {
  const auto found = by_text_.find(sql);
  if (found == by_text_.end()) return nullptr;
  sqlite3_stmt* statement = found->second;
  by_text_.erase(found);
  return statement;
}

void IdleStatements::put(sqlite3_stmt* statement) {
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  if (!by_text_.emplace(sqlite3_sql(statement), statement).second) sqlite3_finalize(statement);
}

IdleStatements::~IdleStatements() {
  for (const auto& [text, statement] : by_text_) sqlite3_finalize(statement);
}

SqliteStatement& SqliteStatement::bind(int parameter, std::int64_t value) {
  sqlite3_bind_int64(statement_.get(), parameter, value);
  return *this;
}

SqliteStatement& SqliteStatement::bind(int parameter, std::string_view text) {
  sqlite3_bind_text64(statement_.get(), parameter, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return *this;
}

SqliteStatement& SqliteStatement::bind_blob(int parameter, std::string_view bytes) {
  sqlite3_bind_blob64(statement_.get(), parameter, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  return *this;
}

Result<bool> SqliteStatement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return translate(sqlite3_db_handle(statement_.get()), code, file_, role_);
}

Result<void> SqliteStatement::run() {
  auto more = step();
  while (more && *more) more = step();
  reset();
  if (!more) return std::unexpected(more.error());
  return {};
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_.get());
  sqlite3_clear_bindings(statement_.get());
}

std::int64_t SqliteStatement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

std::string_view SqliteStatement::bytes(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return data == nullptr ? std::string_view() : std::string_view(data, static_cast<std::size_t>(size));
}

void SqliteDatabase::Close::operator()(sqlite3* handle) const {
  sqlite3_close_v2(handle);
}

Result<SqliteDatabase> SqliteDatabase::open(const std::filesystem::path& file, Access access, const SqliteRole& role) {
  sqlite3* raw = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (access == Access::create ? SQLITE_OPEN_CREATE : 0);
  const int code = sqlite3_open_v2(file.c_str(), &raw, flags, nullptr);
  std::unique_ptr<sqlite3, Close> handle(raw);
  if (code != SQLITE_OK) return translate(raw, code, file, role);
  sqlite3_extended_result_codes(raw, 1);
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  return SqliteDatabase(std::move(handle), file, role);
}

Result<void> SqliteDatabase::execute(const char* sql) {
  const int code = sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return translate(handle_.get(), code, file_, role_);
  return {};
}

Result<SqliteStatement> SqliteDatabase::prepare(std::string_view sql) {
  sqlite3_stmt* statement = idle_->take(sql);
  if (statement != nullptr) return SqliteStatement(statement, *idle_, file_, role_);
  const int code = sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (code != SQLITE_OK) return translate(handle_.get(), code, file_, role_);
  return SqliteStatement(statement, *idle_, file_, role_);
}

Result<std::int64_t> SqliteDatabase::select_integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::unexpected(statement.error());
  auto row = statement->step();
  if (!row) return std::unexpected(row.error());
  return *row ? statement->integer(0) : 0;
}

std::int64_t SqliteDatabase::last_insert_id() const {
  return sqlite3_last_insert_rowid(handle_.get());
}

Result<SqliteTransaction> SqliteTransaction::begin(SqliteDatabase& database, const char* begin) {
  auto begun = database.execute(begin);
  if (!begun) return std::unexpected(begun.error());
  return SqliteTransaction(database);
}

SqliteTransaction::~SqliteTransaction() {
  // Some errors (disk full among them) have rolled back already; this one then fails, and that is fine.
  if (database_ != nullptr) static_cast<void>(database_->execute("ROLLBACK"));
}

Result<void> SqliteTransaction::commit() {
  auto committed = database_->execute("COMMIT");
  if (!committed) return committed;
  database_ = nullptr;
  return {};
}

}  // namespace codehelper
