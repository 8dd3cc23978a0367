#include "kubernetes_credentials.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "codehelper/base/base64.hpp"

namespace codehelper {

namespace {

constexpr std::chrono::seconds kExpiryMargin{10};

Result<std::string> read_file(const std::filesystem::path& file) {
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (stream && !text.empty()) return text;
  const std::string_view why = errno != 0 ? std::strerror(errno) : "it is empty";
  return fail(ErrorCode::unavailable, fmt::format("{} can't be used: {}", file.string(), why));
}

Result<std::string> read(const FileOrData& from) {
  if (!from.data.empty() || from.file.empty()) return from.data;
  return read_file(from.file);
}

std::string without_line_end(std::string text) {
  text.erase(text.find_last_not_of(" \t\r\n") + 1);
  return text;
}

bool has_expired(const ExecCredential& credential) {
  return credential.expires && std::chrono::system_clock::now() + kExpiryMargin >= *credential.expires;
}

}  // namespace

Result<KubernetesCredentials> read_credential_files(const KubernetesAccess& access) {
  KubernetesCredentials credentials;
  credentials.tls.peer = access.peer;
  credentials.tls.server_name = access.server_name;
  for (const auto& [from, target] : {std::pair{&access.ca, &credentials.tls.ca_pem},
                                     {&access.client_certificate, &credentials.tls.certificate_pem},
                                     {&access.client_key, &credentials.tls.key_pem}}) {
    auto text = read(*from);
    if (!text) return std::unexpected(std::move(text.error()));
    *target = std::move(*text);
  }
  std::string token = access.token;
  if (!access.token_file.empty()) {
    auto text = read_file(access.token_file);
    if (!text) return std::unexpected(std::move(text.error()));
    token = without_line_end(std::move(*text));
  }
  if (!token.empty()) {
    credentials.authorization = "Bearer " + token;
  } else if (!access.username.empty()) {
    credentials.authorization = "Basic " + encode_base64(access.username + ":" + access.password);
  }
  return credentials;
}

KubernetesCredentialSource::KubernetesCredentialSource(EventLoop& loop, KubernetesAccess access,
                                                       ExecSurroundings surroundings)
    : loop_(loop), access_(std::move(access)), surroundings_(std::move(surroundings)) {}

Task<Result<KubernetesCredentials>> KubernetesCredentialSource::load() {
  auto reading = [access = access_] { return read_credential_files(access); };
  auto credentials = co_await loop_.run_blocking(std::move(reading));
  if (!credentials || !access_.exec || !credentials->authorization.empty()) co_return credentials;
  if (!from_plugin_ || has_expired(*from_plugin_)) {
    auto made = co_await run_exec_plugin(loop_, *access_.exec, surroundings_);
    if (!made) co_return std::unexpected(std::move(made.error()));
    from_plugin_ = std::move(*made);
  }
  if (!from_plugin_->token.empty()) credentials->authorization = "Bearer " + from_plugin_->token;
  if (!from_plugin_->certificate_pem.empty()) {
    credentials->tls.certificate_pem = from_plugin_->certificate_pem;
    credentials->tls.key_pem = from_plugin_->key_pem;
  }
  co_return credentials;
}

}  // namespace codehelper
