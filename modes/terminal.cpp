#include "terminal.hpp"

#include <unistd.h>

namespace codehelper {

namespace {

std::string_view code_of(Tone tone) {
  switch (tone) {
    case Tone::dim:
      return "\x1b[2m";
    case Tone::bold:
      return "\x1b[1m";
    case Tone::good:
      return "\x1b[32m";
    case Tone::bad:
      return "\x1b[31m";
  }
  return "";
}

bool is_control(unsigned char c) {
  return (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;
}

}  // namespace

TextStyle TextStyle::of(int descriptor, const StringMap& environment) {
  const auto value_of = [&](std::string_view name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  TextStyle style;
  style.is_terminal_ = ::isatty(descriptor) == 1;
  style.has_colours_ = style.is_terminal_ && value_of("NO_COLOR").empty() && value_of("TERM") != "dumb";
  return style;
}

std::string TextStyle::paint(Tone tone, std::string_view text) const {
  if (!has_colours_ || text.empty()) return std::string(text);
  return std::string(code_of(tone)).append(text).append("\x1b[0m");
}

std::string TextStyle::clean(std::string_view text) const {
  if (!is_terminal_) return std::string(text);
  std::string cleaned;
  cleaned.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool is_c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (is_c1) ++i;
    if (!is_c1 && !is_control(byte)) cleaned += text[i];
  }
  return cleaned;
}

Terminal find_terminal() {
  const StringMap environment = load_environment();
  return {TextStyle::of(STDOUT_FILENO, environment), TextStyle::of(STDERR_FILENO, environment)};
}

}  // namespace codehelper
