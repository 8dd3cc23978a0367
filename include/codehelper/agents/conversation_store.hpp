// Conversations: what was asked and answered, kept over restarts. A turn is kept when it is finished, whole or not at
// all. Secrets are masked before they are written (base/secret_text.hpp).
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/base/error.hpp"
#include "codehelper/base/request_context.hpp"
#include "codehelper/net/event_loop.hpp"

namespace codehelper {

struct ConversationTurn {
  std::string question;        // the user's message
  boost::json::object answer;  // as POST /chat answered it: "response", "sources", "steps", …
  std::string finished_at;     // ISO 8601, UTC
};

struct ConversationSummary {
  std::string id;
  std::string title;         // the first question's first line, until it is renamed
  std::string project_path;  // of the last turn; empty = none
  std::string updated_at;    // ISO 8601, UTC
  std::uint64_t turns = 0;
};

struct Conversation {
  ConversationSummary summary;
  std::vector<ConversationTurn> turns;  // oldest first
};

struct ConversationQuery {
  std::optional<std::string> project_path = {};  // only those about it
  std::string text = {};                         // only those with it in the title or a question, in any case
  std::size_t limit = 50;
  std::size_t offset = 0;
};

/// 1–128 of letters, digits, '.', '_' and '-': a caller may choose the id.
bool is_valid_conversation_id(std::string_view id);

class ConversationStore {
 public:
  /// Errors of all: unavailable (disk full, damaged file; the message names the file and the way out). After one the
  /// next call tries again.
  virtual ~ConversationStore() = default;

  /// Begins the conversation when there is none of that id. Of an answer over 4 MiB the response alone is kept, its
  /// first 1 MiB. Errors: invalid_input for an id that isn't valid.
  virtual Task<Result<void>> append(RequestContext context, std::string id, std::string project_path,
                                    ConversationTurn turn) = 0;
  /// Errors: not_found.
  virtual Task<Result<Conversation>> load(RequestContext context, std::string id) = 0;
  /// The one that was used last comes first.
  virtual Task<Result<std::vector<ConversationSummary>>> list(RequestContext context, ConversationQuery query) = 0;
  /// Errors: not_found.
  virtual Task<Result<void>> rename(RequestContext context, std::string id, std::string title) = 0;
  /// Errors: not_found. Nothing of it stays in the file.
  virtual Task<Result<void>> remove(RequestContext context, std::string id) = 0;
};

/// As many conversations as are begun are kept until they are removed.
/// SQLite: `data_dir`/conversations.db, made when the first turn is written, readable by its owner only. Servers of
/// several processes may share it. `loop` outlives it.
std::unique_ptr<ConversationStore> open_conversation_store(EventLoop& loop, std::filesystem::path data_dir);

}  // namespace codehelper
