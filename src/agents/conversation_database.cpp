#include "conversation_database.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "codehelper/base/json_fields.hpp"

namespace codehelper {

namespace {

constexpr std::int64_t kApplicationId = 0x63686376;  // "chcv"
constexpr std::int64_t kSchemaVersion = 1;

constexpr SqliteRole kRole{"the file of conversations", "; chat goes on without",
                           "move it away to begin with an empty one, or put a backup in its place"};

constexpr const char* kSchema = R"sql(
CREATE TABLE conversations(
  key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, project_path TEXT NOT NULL,
  updated_at TEXT NOT NULL, used INTEGER NOT NULL);
CREATE INDEX conversations_by_use ON conversations(used);
CREATE TABLE turns(
  conversation INTEGER NOT NULL, number INTEGER NOT NULL, question TEXT NOT NULL, answer TEXT NOT NULL,
  finished_at TEXT NOT NULL, PRIMARY KEY(conversation, number)) WITHOUT ROWID;
PRAGMA application_id = 1667785590;
PRAGMA user_version = 1;
)sql";
static_assert(kApplicationId == 1667785590 && kSchemaVersion == 1, "as in kSchema");

constexpr const char* kConnectionSettings =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;";

// SQLite gives its log and shared memory the rights of the file.
Result<std::uint64_t> make_private(const std::filesystem::path& file) {
  std::error_code error;
  std::filesystem::create_directories(file.parent_path(), error);
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  struct stat status{};
  const bool is_made = descriptor >= 0 && ::fstat(descriptor, &status) == 0 &&
                       ((status.st_mode & 077) == 0 || ::fchmod(descriptor, S_IRUSR | S_IWUSR) == 0);
  const int cause = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (is_made) return status.st_ino;
  return fail(ErrorCode::unavailable, fmt::format("can't open {} for writing ({}): make its folder writable, or set "
                                                  "CODEHELPER_DATA_DIR",
                                                  file.string(), std::strerror(cause)));
}

Result<void> make_schema(SqliteDatabase& database) {
  // In one transaction: another process may be making the tables as well.
  auto transaction = SqliteTransaction::begin(database, "BEGIN IMMEDIATE");
  if (!transaction) return std::unexpected(transaction.error());
  auto version = database.select_integer("PRAGMA user_version");
  if (!version) return std::unexpected(version.error());
  auto application = database.select_integer("PRAGMA application_id");
  if (!application) return std::unexpected(application.error());
  auto tables = database.select_integer("SELECT count(*) FROM sqlite_schema");
  if (!tables) return std::unexpected(tables.error());
  if (*tables == 0) {
    auto made = database.execute(kSchema);
    return made ? transaction->commit() : made;
  }
  if (*application != kApplicationId) return fail_as_damaged(database.file(), "it holds something else", kRole);
  if (*version == kSchemaVersion) return {};
  return fail_as_damaged(
      database.file(), fmt::format("its format is version {}, this program reads version {}", *version, kSchemaVersion),
      kRole);
}

Result<void> check_pages(SqliteDatabase& database) {
  auto row = database.prepare("PRAGMA quick_check(1)");
  if (!row) return std::unexpected(row.error());
  auto found = row->step();
  if (!found) return std::unexpected(found.error());
  if (row->bytes(0) != "ok") return fail_as_damaged(database.file(), row->bytes(0), kRole);
  return {};
}

ConversationSummary read_summary(const SqliteStatement& row) {
  return {row.text(0), row.text(1), row.text(2), row.text(3), static_cast<std::uint64_t>(row.integer(4))};
}

/// For LIKE with '\' as its escape.
std::string contains_pattern(std::string_view text) {
  std::string pattern = "%";
  for (const char c : text) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + '%';
}

}  // namespace

Result<ConversationDatabase> ConversationDatabase::open(const std::filesystem::path& file) {
  const auto inode = make_private(file);
  if (!inode) return std::unexpected(inode.error());
  auto database = SqliteDatabase::open(file, SqliteDatabase::Access::create, kRole);
  if (!database) return std::unexpected(database.error());
  auto ready = database->execute(kConnectionSettings);
  if (ready) ready = check_pages(*database);
  if (ready) ready = make_schema(*database);
  if (!ready) return std::unexpected(ready.error());
  return ConversationDatabase(std::move(*database), *inode);
}

bool ConversationDatabase::is_current() const {
  struct stat status{};
  return ::stat(database_.file().c_str(), &status) == 0 && status.st_ino == inode_;
}

Result<std::optional<std::int64_t>> ConversationDatabase::find(std::string_view id) {
  auto row = database_.prepare("SELECT key FROM conversations WHERE id = ?");
  if (!row) return std::unexpected(row.error());
  auto found = row->bind(1, id).step();
  if (!found) return std::unexpected(found.error());
  return *found ? std::optional(row->integer(0)) : std::nullopt;
}

Result<void> ConversationDatabase::append(std::string_view id, std::string_view project_path, std::string_view title,
                                          const ConversationTurn& turn, std::string_view answer) {
  auto transaction = SqliteTransaction::begin(database_, "BEGIN IMMEDIATE");
  if (!transaction) return std::unexpected(transaction.error());
  auto conversation = database_.prepare(
      "INSERT INTO conversations(id, title, project_path, updated_at, used) "
      "VALUES(?, ?, ?, ?, (SELECT coalesce(max(used), 0) + 1 FROM conversations)) "
      "ON CONFLICT(id) DO UPDATE SET project_path = excluded.project_path, updated_at = excluded.updated_at, "
      "used = excluded.used");
  if (!conversation) return std::unexpected(conversation.error());
  auto done = conversation->bind(1, id).bind(2, title).bind(3, project_path).bind(4, turn.finished_at).run();
  if (!done) return done;
  auto added = database_.prepare(
      "INSERT INTO turns(conversation, number, question, answer, finished_at) "
      "SELECT key, (SELECT coalesce(max(number), 0) + 1 FROM turns WHERE conversation = key), ?2, ?3, ?4 "
      "FROM conversations WHERE id = ?1");
  if (!added) return std::unexpected(added.error());
  done = added->bind(1, id).bind(2, turn.question).bind(3, answer).bind(4, turn.finished_at).run();
  return done ? transaction->commit() : done;
}

Result<std::optional<Conversation>> ConversationDatabase::load(std::string_view id) {
  auto transaction = SqliteTransaction::begin(database_, "BEGIN");
  if (!transaction) return std::unexpected(transaction.error());
  auto row = database_.prepare(
      "SELECT id, title, project_path, updated_at, (SELECT count(*) FROM turns WHERE conversation = key), key "
      "FROM conversations WHERE id = ?");
  if (!row) return std::unexpected(row.error());
  auto found = row->bind(1, id).step();
  if (!found) return std::unexpected(found.error());
  if (!*found) return std::nullopt;
  Conversation conversation{read_summary(*row), {}};
  auto turn =
      database_.prepare("SELECT question, answer, finished_at FROM turns WHERE conversation = ? ORDER BY number");
  if (!turn) return std::unexpected(turn.error());
  turn->bind(1, row->integer(5));
  auto more = turn->step();
  for (; more && *more; more = turn->step()) {
    auto answer = parse_json_object(turn->bytes(1));
    if (!answer) return fail_as_damaged(database_.file(), "an answer in it is no JSON", kRole);
    conversation.turns.push_back({turn->text(0), std::move(*answer), turn->text(2)});
  }
  if (!more) return std::unexpected(more.error());
  return conversation;
}

Result<std::vector<ConversationSummary>> ConversationDatabase::list(const ConversationQuery& query) {
  auto row = database_.prepare(
      "SELECT id, title, project_path, updated_at, (SELECT count(*) FROM turns WHERE conversation = key) "
      "FROM conversations WHERE (?1 = 0 OR project_path = ?2) AND (title LIKE ?3 ESCAPE '\\' OR EXISTS "
      "(SELECT 1 FROM turns WHERE conversation = key AND question LIKE ?3 ESCAPE '\\')) "
      "ORDER BY used DESC LIMIT ?4 OFFSET ?5");
  if (!row) return std::unexpected(row.error());
  row->bind(1, query.project_path ? 1 : 0)
      .bind(2, query.project_path.value_or(""))
      .bind(3, contains_pattern(query.text));
  row->bind(4, static_cast<std::int64_t>(query.limit)).bind(5, static_cast<std::int64_t>(query.offset));
  std::vector<ConversationSummary> list;
  auto more = row->step();
  for (; more && *more; more = row->step()) list.push_back(read_summary(*row));
  if (!more) return std::unexpected(more.error());
  return list;
}

Result<bool> ConversationDatabase::rename(std::string_view id, std::string_view title) {
  const auto key = find(id);
  if (!key) return std::unexpected(key.error());
  if (!*key) return false;
  auto renamed = database_.prepare("UPDATE conversations SET title = ? WHERE key = ?");
  if (!renamed) return std::unexpected(renamed.error());
  auto done = renamed->bind(1, title).bind(2, **key).run();
  if (!done) return std::unexpected(done.error());
  return true;
}

Result<bool> ConversationDatabase::remove(std::string_view id) {
  const auto key = find(id);
  if (!key) return std::unexpected(key.error());
  if (!*key) return false;
  {
    auto transaction = SqliteTransaction::begin(database_, "BEGIN IMMEDIATE");
    if (!transaction) return std::unexpected(transaction.error());
    for (const char* sql : {"DELETE FROM turns WHERE conversation = ?", "DELETE FROM conversations WHERE key = ?"}) {
      auto removed = database_.prepare(sql);
      if (!removed) return std::unexpected(removed.error());
      auto done = removed->bind(1, **key).run();
      if (!done) return std::unexpected(done.error());
    }
    auto done = transaction->commit();
    if (!done) return std::unexpected(done.error());
  }
  // The write-ahead log still holds what was overwritten with zeros in the file.
  auto emptied = database_.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  if (!emptied) return std::unexpected(emptied.error());
  return true;
}

}  // namespace codehelper
