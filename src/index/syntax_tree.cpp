#include "syntax_tree.hpp"

namespace codehelper {

namespace {

constexpr std::uint64_t kParseLimitMicroseconds = 2'000'000;

struct ParserDeleter {
  void operator()(TSParser* parser) const { ts_parser_delete(parser); }
};

}  // namespace

SyntaxTree SyntaxTree::parse(std::string_view language, std::string_view content) {
  SyntaxTree parsed;
  parsed.grammar_ = find_grammar(language);
  if (parsed.grammar_ == nullptr || content.empty()) return parsed;
  parsed.memory_ = std::make_unique<ParseMemory>();
  const ParseMemory::Use use(*parsed.memory_);
  const std::unique_ptr<TSParser, ParserDeleter> parser(ts_parser_new());
  if (!ts_parser_set_language(parser.get(), parsed.grammar_->language())) return parsed;
  ts_parser_set_timeout_micros(parser.get(), kParseLimitMicroseconds);
  parsed.tree_ =
      ts_parser_parse_string(parser.get(), nullptr, content.data(), static_cast<std::uint32_t>(content.size()));
  return parsed;
}

}  // namespace codehelper
