// Any bytes, cut at a place that the first byte names, must be consumed in order and come out as they do in one piece:
// a difference would let a caller choose what a proxy in front sees.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http_request_parser.hpp"

namespace {

using codehelper::HttpRequestParser;

struct Outcome {
  bool is_complete = false;
  std::size_t consumed = 0;
  std::string body;

  bool operator==(const Outcome&) const = default;
};

/// Feeds `bytes` up to `cut` and then all of them, as a session does.
Outcome parse(std::string_view bytes, std::size_t cut) {
  HttpRequestParser parser(4096);
  Outcome outcome;
  for (const std::size_t end : {cut, bytes.size()}) {
    for (;;) {
      const std::string fed(bytes.substr(outcome.consumed, end - outcome.consumed));
      const auto progress = parser.feed(fed);
      if (progress.consumed > fed.size()) std::abort();
      outcome.consumed += progress.consumed;
      if (progress.step == HttpRequestParser::Step::fault) return Outcome();
      if (progress.step == HttpRequestParser::Step::need_more) break;
      if (progress.step == HttpRequestParser::Step::complete) {
        outcome.is_complete = true;
        outcome.body = parser.request().body;
        return outcome;
      }
      parser.limit_body(4096);
    }
  }
  return Outcome();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = parse(bytes, bytes.size());
  const Outcome cut = parse(bytes, std::min<std::size_t>(data[0], bytes.size()));
  if (whole != cut) std::abort();
  return 0;
}
