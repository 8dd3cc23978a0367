// SHA-256 (FIPS 180-4), from OpenSSL.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace codehelper {

/// Of bytes that come in pieces.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) = delete;

  void add(std::string_view bytes);
  /// 64 lower-case hexadecimal digits; the last call.
  std::string hex();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

}  // namespace codehelper
