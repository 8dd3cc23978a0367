// Tool calls put together from the fragments in which servers stream them. The rules and the servers that made each of
// them necessary: shared/protocols.md 3.2.
#pragma once

#include <boost/json/value.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "codehelper/agents/language_model.hpp"

namespace codehelper {

class ToolCallAccumulator {
 public:
  /// One entry of "tool_calls", of a delta or whole; what is no object is passed over.
  void add(const boost::json::value& entry);

  bool empty() const { return calls_.empty(); }
  /// Of all calls together.
  std::size_t argument_bytes() const;

  /// The calls in the order in which they began. Each has an id of its own: one is made where the server gave none or
  /// gave it twice. Arguments are as they came, "{}" for none.
  std::vector<ToolCall> finish() const;

 private:
  struct Fragment {
    std::optional<std::int64_t> index;
    ToolCall part;  // each field may be empty
  };

  static Fragment read(const boost::json::object& entry);
  static bool begins_another(const Fragment& call, const Fragment& next);
  static void merge(Fragment& call, Fragment next);
  Fragment* find(const Fragment& next);

  std::vector<Fragment> calls_;
};

/// 9 letters and digits: the only shape that every server's templates take.
std::string make_tool_call_id();

/// Whether the text is one whole JSON object.
bool is_json_object(std::string_view text);

}  // namespace codehelper
