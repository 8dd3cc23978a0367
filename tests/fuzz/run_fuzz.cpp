// Runs on the wire, and what commands and projects say, for any bytes. The first byte chooses the reader.
#include <boost/json/serialize.hpp>

#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "codehelper/base/json_fields.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/execute/command_result_json.hpp"
#include "make_target.hpp"
#include "utf8_stream.hpp"

using namespace codehelper;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

/// What was read is written so that it is read as the same again.
void check_request(const boost::json::object& object) {
  const auto request = parse_execute_request(object);
  if (!request) return require(request.error().code == ErrorCode::invalid_field);
  require(request->timeout >= std::chrono::seconds(1) && request->timeout <= std::chrono::hours(1));
  const auto written = to_json(*request);
  require(to_json(parse_execute_request(written).value()) == written);
}

void check_result(const boost::json::object& object) {
  const auto result = parse_command_result(object);
  if (!result) return require(result.error().code == ErrorCode::invalid_field);
  require(std::isfinite(result->cpu_seconds) && std::isfinite(result->queue_seconds));
  const auto written = to_json(*result);
  require(parse_command_result(parse_json_object(boost::json::serialize(written)).value()).has_value());
}

void check_output(std::string_view bytes) {
  Utf8Stream stream;
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) text += stream.feed(bytes.substr(at, 3));
  text += stream.finish();
  require(text == to_valid_utf8(bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] == 'o') check_output(text);
  if (data[0] == 'm') find_test_target(text);
  if (data[0] != 'q' && data[0] != 'a') return 0;
  const auto object = parse_json_object(text);
  if (object) data[0] == 'q' ? check_request(*object) : check_result(*object);
  return 0;
}
