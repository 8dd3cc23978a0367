// SQLite's C interface with owners and Results. A connection and its statements are used by one thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "codehelper/base/error.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace codehelper {

/// What errors call a file, and what they advise; literals.
struct SqliteRole {
  std::string_view name;        // "the index"
  std::string_view when_full;   // what to do when there is space again
  std::string_view when_wrong;  // what to do when its content can't be used
};
extern const SqliteRole kIndexRole;

/// Statements of a connection that nobody uses now, by their text: to compile one takes as long as a small run of it.
class IdleStatements {
 public:
  /// Null when there is none.
  sqlite3_stmt* take(std::string_view sql);
  void put(sqlite3_stmt* statement);
  IdleStatements() = default;
  IdleStatements(const IdleStatements&) = delete;
  IdleStatements& operator=(const IdleStatements&) = delete;
  ~IdleStatements();

 private:
  std::unordered_map<std::string_view, sqlite3_stmt*> by_text_;  // the text is the statement's own copy
};

/// One prepared statement. It must not outlive its database.
class SqliteStatement {
 public:
  /// Parameters and columns count from 1 and from 0, as in SQLite. Bound text and blobs are copied.
  SqliteStatement& bind(int parameter, std::int64_t value);
  SqliteStatement& bind(int parameter, std::string_view text);
  SqliteStatement& bind_blob(int parameter, std::string_view bytes);

  /// True when there is a row. Errors: unavailable.
  Result<bool> step();
  /// Steps to the end and makes the statement ready for other parameters.
  Result<void> run();
  void reset();

  std::int64_t integer(int column) const;
  /// Text or blob; valid until the next step.
  std::string_view bytes(int column) const;
  std::string text(int column) const { return std::string(bytes(column)); }

 private:
  friend class SqliteDatabase;
  struct PutBack {
    IdleStatements* idle;
    void operator()(sqlite3_stmt* statement) const { idle->put(statement); }
  };
  SqliteStatement(sqlite3_stmt* statement, IdleStatements& idle, const std::filesystem::path& file,
                  const SqliteRole& role)
      : statement_(statement, PutBack{&idle}), file_(file), role_(role) {}

  std::unique_ptr<sqlite3_stmt, PutBack> statement_;
  std::filesystem::path file_;
  SqliteRole role_;
};

class SqliteDatabase {
 public:
  enum class Access { read_existing, create };

  /// Waits up to five seconds for other processes' locks. Errors of all: unavailable; the message names the file and
  /// the way out.
  static Result<SqliteDatabase> open(const std::filesystem::path& file, Access access,
                                     const SqliteRole& role = kIndexRole);

  Result<void> execute(const char* sql);
  Result<SqliteStatement> prepare(std::string_view sql);
  /// The single integer that `sql` selects.
  Result<std::int64_t> select_integer(std::string_view sql);
  std::int64_t last_insert_id() const;
  const std::filesystem::path& file() const { return file_; }

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  SqliteDatabase(std::unique_ptr<sqlite3, Close> handle, std::filesystem::path file, const SqliteRole& role)
      : handle_(std::move(handle)), file_(std::move(file)), role_(role) {}

  std::unique_ptr<sqlite3, Close> handle_;
  std::unique_ptr<IdleStatements> idle_ = std::make_unique<IdleStatements>();  // ends before its connection
  std::filesystem::path file_;
  SqliteRole role_;
};

/// Rolls back when destroyed before commit().
class SqliteTransaction {
 public:
  /// `begin` is "BEGIN" for a reader, "BEGIN IMMEDIATE" for a writer. `database` outlives it.
  static Result<SqliteTransaction> begin(SqliteDatabase& database, const char* begin);
  SqliteTransaction(SqliteTransaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  SqliteTransaction& operator=(SqliteTransaction&&) = delete;
  ~SqliteTransaction();

  Result<void> commit();

 private:
  explicit SqliteTransaction(SqliteDatabase& database) : database_(&database) {}

  SqliteDatabase* database_;
};

/// The error for a file that can be opened, but whose content is not what it should be.
std::unexpected<Error> fail_as_damaged(const std::filesystem::path& file, std::string_view detail,
                                       const SqliteRole& role = kIndexRole);

}  // namespace codehelper
