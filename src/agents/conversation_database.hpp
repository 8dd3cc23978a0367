// The file of conversations. One thread at a time.
#pragma once

#include "codehelper/agents/conversation_store.hpp"
#include "codehelper/index/sqlite.hpp"

namespace codehelper {

class ConversationDatabase {
 public:
  /// Makes the file, readable by its owner only, when there is none. Looks at every page once. Errors of all:
  /// unavailable.
  static Result<ConversationDatabase> open(const std::filesystem::path& file);

  /// Whether the file that was opened is still the one of that name.
  bool is_current() const;

  /// `turn` is written as it is.
  Result<void> append(std::string_view id, std::string_view project_path, std::string_view title,
                      const ConversationTurn& turn, std::string_view answer);
  Result<std::optional<Conversation>> load(std::string_view id);
  Result<std::vector<ConversationSummary>> list(const ConversationQuery& query);
  /// False when there is no such conversation.
  Result<bool> rename(std::string_view id, std::string_view title);
  Result<bool> remove(std::string_view id);

 private:
  ConversationDatabase(SqliteDatabase database, std::uint64_t inode) : database_(std::move(database)), inode_(inode) {}

  Result<std::optional<std::int64_t>> find(std::string_view id);

  SqliteDatabase database_;
  std::uint64_t inode_;
};

}  // namespace codehelper
