// OpenSSL's plain functions for the digest: they work at once, where EVP_* first loads OpenSSL's configuration and
// providers.
#define OPENSSL_API_COMPAT 10100  // they are deprecated in favour of EVP_* since 3.0

#include "codehelper/base/hash.hpp"

#include <openssl/sha.h>

#include <array>

namespace codehelper {

struct Sha256::State {
  State() { SHA256_Init(&context); }

  SHA256_CTX context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;

void Sha256::add(std::string_view bytes) {
  SHA256_Update(&state_->context, bytes.data(), bytes.size());
}

std::string Sha256::hex() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256_Final(digest.data(), &state_->context);
  std::string hex;
  hex.reserve(2 * digest.size());
  for (const unsigned char byte : digest) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::string sha256_hex(std::string_view bytes) {
  Sha256 digest;
  digest.add(bytes);
  return digest.hex();
}

}  // namespace codehelper
