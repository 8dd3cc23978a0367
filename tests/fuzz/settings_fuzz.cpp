// Settings with any values: each has a meaning or a fault that names it, and no fault shows a secret. Lines are
// NAME=value; the last line may be a URL.
#include <cstdint>
#include <cstdlib>

#include "codehelper/base/config.hpp"
#include "codehelper/base/text.hpp"
#include "codehelper/net/http_client.hpp"

using namespace codehelper;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check_url(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) return require(url.error().code == ErrorCode::invalid_input);
  require(url->scheme == "http" || url->scheme == "https");
  require(!url->host.empty() && !url->port.empty() && !url->path.ends_with('/'));
  const auto again = parse_url(url->scheme + "://" + url->host_header() + url->path);
  require(again && again->host == url->host && again->port == url->port && again->path == url->path);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  StringMap environment;
  for (const std::string_view line : split_lines(text)) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) check_url(line);
    if (equals == std::string_view::npos || line.contains('\0')) continue;
    environment[std::string(line.substr(0, equals))] = line.substr(equals + 1);
  }
  constexpr std::string_view kSecret = "Qx7secretQx7";
  environment["LLM_API_KEY"] += kSecret;
  environment["CODEHELPER_API_TOKEN"] += kSecret;
  for (const Mode mode : {Mode::serve_api, Mode::serve_runner, Mode::ingest, Mode::dev}) {
    const auto config = parse_config(mode, {}, environment);
    if (config) continue;
    require(config.error().code == ErrorCode::invalid_input && !config.error().message.empty());
    require(!config.error().message.contains(kSecret));
  }
  return 0;
}
