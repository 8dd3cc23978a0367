// Properties of the reader of HTTP answers for any bytes: it neither crashes nor depends on where they are cut.
#include "answer_reader.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

struct Reading {
  bool is_fine = false;
  bool is_complete = false;
  int status = 0;
  std::string body{};

  bool operator==(const Reading&) const = default;
};

Reading read(std::initializer_list<std::string_view> pieces) {
  codehelper::AnswerReader reader("GET");
  Reading reading{.is_fine = true};
  for (const auto piece : pieces) {
    if (reader.is_complete()) break;
    if (!reader.feed(piece)) return {};
    if (reader.has_head()) reading.body += reader.take_body();
  }
  reading.is_fine = reader.end().has_value();
  reading.is_complete = reader.is_complete();
  if (reader.has_head()) reading.status = reader.status();
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  const std::size_t cut = data[0] % size;
  if (read({bytes}) != read({bytes.substr(0, cut), bytes.substr(cut)})) std::abort();
  return 0;
}
