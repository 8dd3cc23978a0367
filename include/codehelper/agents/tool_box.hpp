// The tools with which a model reads a project: the crew's Coder, and any client of MCP. Every result is bounded, cut
// at line ends with a notice, and without secrets. Bad arguments and failures are results too, which help the model on.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "codehelper/agents/language_model.hpp"
#include "codehelper/agents/web_search.hpp"
#include "codehelper/execute/command_runner.hpp"
#include "codehelper/execute/receipt.hpp"
#include "codehelper/index/symbol_index.hpp"
#include "codehelper/retrieve/retriever.hpp"

namespace codehelper {

struct ToolResult {
  bool ok = true;
  std::string text;          // for a model; files' lines with their numbers
  boost::json::object data;  // the same for programs; of a failure {"error":text}
  std::string summary;       // one line for people
  bool lacks_index = false;  // the project has none that can be searched, so that the call failed
};

/// What a client that is no model is told of a tool.
struct ToolFacts {
  ToolSpec spec;
  std::string title;
  boost::json::object result;  // JSON Schema of ToolResult::data of a call that went well
};
/// search_code, read_lines, list_files, find_symbol, grep: of any project.
std::vector<ToolFacts> list_code_tools();

/// What is on offer beside reading.
struct CommandPermit {
  CommandRunner* runner = nullptr;             // null = no command runs
  std::vector<std::string> test_command = {};  // which may be given files and folders of the project, too
  std::string user_words = {};                 // a command that stands in them, word by word, may run as well
  OutputSink on_output = {};                   // of a running command; may be empty
};

class ToolBox {
 public:
  struct Parts {
    EventLoop& loop;
    Retriever& retriever;
    SymbolIndex& symbols;
    std::uint64_t max_file_bytes = 1024 * 1024;
    WebSearch* web = nullptr;  // null = not offered
  };
  /// What `parts` refers to outlives it. `folder`: below which is searched; empty = everywhere.
  ToolBox(const Parts& parts, Project project, std::string folder = {}, CommandPermit permit = {});
  ~ToolBox();
  ToolBox(ToolBox&&) noexcept;

  /// search_code, read_lines, list_files, find_symbol, grep; web_search and run_command when they are on offer.
  std::vector<ToolSpec> specs() const;
  /// A text that read_lines finds as "attachment:<name>".
  void attach(std::string_view name, std::string text);
  /// Errors: cancelled; timeout when the context's deadline has passed; not_found for a name that is no tool.
  Task<Result<ToolResult>> call(RequestContext context, ToolCall call);
  /// A search without a call, for the evidence that a model begins with. Errors: those of Retriever::search().
  Task<Result<SearchResult>> search(RequestContext context, std::string question, std::size_t limit);

  struct CheckedPlace {
    bool exists = false;    // these lines are in the file now
    bool was_read = false;  // a tool or a search showed just these lines, as they are now
    std::string text;       // the lines, secrets masked
    std::string language;
  };
  /// Of lines `start_line` to `end_line` (1-based, inclusive). Errors: cancelled.
  Task<Result<CheckedPlace>> check_place(RequestContext context, std::string path, int start_line, int end_line);
  /// Lines of a hit were given to the model.
  void note_shown(const SearchHit& hit);

  /// Of the commands that were run.
  const std::vector<Receipt>& receipts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace codehelper
