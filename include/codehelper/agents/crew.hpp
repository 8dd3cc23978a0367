// The crew that answers a chat: Manager (who takes part, what is looked for), Researcher (the web), Coder (the code),
// Runner (the tests). Routing is code: the Manager's plan is one bounded call of the model, from the user's own words
// only, and is checked; the Coder reads on in a linear loop with caps (agent_loop.hpp). What is said is checked against
// the files of now. Without a model, or when it fails, plan and answer are made by rules, and the answer says so.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "codehelper/agents/conversation_store.hpp"
#include "codehelper/agents/language_model.hpp"
#include "codehelper/agents/web_search.hpp"
#include "codehelper/execute/command_runner.hpp"
#include "codehelper/execute/receipt.hpp"
#include "codehelper/execute/verify_patch.hpp"
#include "codehelper/index/project.hpp"
#include "codehelper/index/symbol_index.hpp"
#include "codehelper/net/event_loop.hpp"
#include "codehelper/retrieve/retriever.hpp"

namespace codehelper {

struct ChatAttachment {
  std::string name;  // empty = it is numbered
  std::string text;
};

struct ChatRequest {
  std::string message;
  std::optional<Project> project;  // nothing: no project was posted
  std::string pinned_repo;  // a folder of the project, which narrows the search, or a name that the model is told
  std::vector<ChatAttachment> attachments;
  std::string conversation_id;  // empty = a new conversation
  std::string instructions;     // of the program that the user asks from; they don't take part in the plan
  /// What was said before, of a caller that keeps the conversation itself: it is neither looked up nor kept then.
  std::optional<std::vector<ConversationTurn>> history;
};

/// A place that the answer cites. Of an attachment the path is "attachment:<name>".
struct ChatSource {
  std::string path;
  int start_line = 1;  // 1-based, inclusive
  int end_line = 1;
  double score = 0;       // of the search that found it; 0 = the Coder came to it by reading
  bool verified = false;  // these lines are in the file now, byte for byte as the crew read them
  std::string text;       // the lines as they are now, secrets masked; 8 KiB at most
  std::string language;
};

struct ChatStep {
  std::string role;     // "manager", "researcher", "coder", "runner"
  std::string action;   // "plan", "search_code", "run_tests", a tool's name, …
  std::string outcome;  // one sentence
  double seconds = 0;
};

/// What the Manager decides.
struct ChatPlan {
  bool search = true;
  bool run_tests = false;                  // the message asks to run the tests, or whether they pass
  bool edit = false;                       // the message asks for a change
  std::vector<std::string> searches = {};  // for the code, beside the message itself
  std::vector<std::string> web_searches = {};
};
/// Without a model, by rules. Pure.
ChatPlan make_plan(std::string_view message);

/// A change that the answer proposes.
struct ChatEdit {
  std::string patch;  // a unified diff
  bool applies = false;
  std::string reason;  // why it doesn't
  std::vector<std::string> files;
};

struct ChatAnswer {
  std::string response;  // Markdown
  std::vector<ChatSource> sources;
  std::vector<ChatStep> steps;
  std::string conversation_id;
  std::optional<IndexMarker> index;            // that was searched; nothing = none was
  std::optional<std::uint64_t> changed_files;  // as in SearchResult
  /// For the log: answered, nothing_found, not_indexed, search_failed, no_project, cut, refused, model_failed.
  std::string outcome = "answered";
  std::string model;                // that answered; empty = none
  std::optional<TokenUsage> usage;  // of all calls of the model
  std::vector<ChatEdit> edits;
  std::vector<Receipt> receipts;   // of what was run
  std::vector<std::string> notes;  // for people: what of the answer to know about
};

// What happens during an answer.
struct ToolCallEvent {
  ToolCall call;
  std::size_t round = 0;
};
struct ToolResultEvent {
  std::string id;
  std::string name;
  bool ok = true;
  std::string summary;  // one line
  std::string output;   // as the model gets it
  double seconds = 0;
};
struct TokenEvent {
  std::string text;
  std::size_t round = 0;  // the text of a round that goes on with tool calls is no part of the answer
};
struct OutputEvent {
  OutputStream stream = OutputStream::standard_output;
  std::string text;
};
using CrewEvent =
    std::variant<ChatPlan, ChatStep, ToolCallEvent, ToolResultEvent, TokenEvent, OutputEvent, ChatSource, TokenUsage>;
using CrewSink = std::function<void(const CrewEvent&)>;

struct VerifyListener {
  RunListener run;  // of each run
  /// A run that failed, before the model is asked to mend the patch.
  std::function<void(const VerifyOutcome&)> on_failed;
};

class Crew {
 public:
  struct Parts {
    EventLoop& loop;
    Retriever& retriever;
    SymbolIndex& symbols;
    CommandRunner& runner;
    LanguageModel* model = nullptr;              // null = answers are made of the index alone
    WebSearch* web = nullptr;                    // null = none
    ConversationStore* conversations = nullptr;  // null = a question knows of no earlier one
    std::uint64_t max_file_bytes = 1024 * 1024;  // of files that are read, as in the index
  };
  /// What `parts` refers to outlives the crew.
  explicit Crew(Parts parts) : parts_(parts) {}

  /// Whether there is a model to ask.
  bool has_model() const { return parts_.model != nullptr; }

  /// Events are given to `on_event` (may be empty) as they happen. A part that fails is said in the answer and is no
  /// error. Errors: cancelled, timeout.
  Task<Result<ChatAnswer>> answer(RequestContext context, ChatRequest request, CrewSink on_event);

  /// Runs the request, and while it has a patch with which tests fail, and there is a model, has that mend the patch
  /// and runs again: at most three times more. `wish`: what the patch is for, in the user's words; may be empty. Every
  /// run in turn, at least one; the last one is the result. That the model fails, or its patch doesn't apply, ends it
  /// with what there is. Errors: those of verify_patch() for the first run; cancelled.
  Task<Result<std::vector<VerifyOutcome>>> verify(RequestContext context, Project project, VerifyRequest request,
                                                  std::string wish, VerifyListener listener);

 private:
  Parts parts_;
};

}  // namespace codehelper
