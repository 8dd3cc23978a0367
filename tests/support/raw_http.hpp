// A blocking client that sends exact bytes, so that a test decides what is on the wire and when. Every read gives up
// after five seconds with what it has: a server that says nothing fails the test instead of hanging it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace codehelper::test {

struct RawResponse {
  int status = 0;
  std::string head;  // with the empty line
  std::string body;  // by Content-Length; for chunks use read_to_end()

  /// The value of a field whose name is spelt so, or "" when there is none.
  std::string field(std::string_view name) const {
    const std::string begin = "\r\n" + std::string(name) + ": ";
    const std::size_t at = head.find(begin);
    if (at == std::string::npos) return "";
    const std::size_t value = at + begin.size();
    return head.substr(value, head.find("\r\n", value) - value);
  }
};

class RawConnection {
 public:
  explicit RawConnection(std::uint16_t port) : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      ::close(descriptor_);
      throw std::runtime_error("nobody listens");
    }
  }
  ~RawConnection() { close(); }
  RawConnection(const RawConnection&) = delete;
  RawConnection& operator=(const RawConnection&) = delete;

  /// False when the peer does not take all of it.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void send_end() { ::shutdown(descriptor_, SHUT_WR); }
  void close() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
  }
  /// Closes with a reset instead of an orderly end.
  void reset() {
    const linger abrupt{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &abrupt, sizeof abrupt);
    close();
  }

  /// The next response; status 0 when none comes. Interim responses (100) are responses of their own.
  RawResponse read_response(std::string_view method = "GET") {
    RawResponse response;
    if (!fill_until("\r\n\r\n")) return response;
    response.head = take(pending_.find("\r\n\r\n") + 4);
    response.status = std::atoi(response.head.c_str() + std::string_view("HTTP/1.1 ").size());
    const std::string length = response.field("Content-Length");
    if (method == "HEAD" || length.empty()) return response;
    const std::size_t size = std::strtoull(length.c_str(), nullptr, 10);
    while (pending_.size() < size && fill()) {
    }
    response.body = take(size);
    return response;
  }
  /// What comes until `text` has come, with it; shorter when it never does.
  std::string read_until(std::string_view text) {
    if (!fill_until(text)) return std::exchange(pending_, "");
    return take(pending_.find(text) + text.size());
  }
  /// `size` bytes, or fewer when no more come.
  std::string read_bytes(std::size_t size) {
    while (pending_.size() < size && fill()) {
    }
    return take(size);
  }
  /// Everything until the peer closes.
  std::string read_to_end() {
    while (fill()) {
    }
    return std::exchange(pending_, "");
  }
  /// True when the peer has closed, in order or by a reset, and left nothing unread.
  bool is_closed_by_peer() {
    fill();
    return pending_.empty() && is_ended_;
  }
  bool was_reset() const { return is_reset_; }

 private:
  std::string take(std::size_t size) {
    std::string taken = pending_.substr(0, size);
    pending_.erase(0, size);
    return taken;
  }
  bool fill_until(std::string_view text) {
    while (pending_.find(text) == std::string::npos) {
      if (!fill()) return false;
    }
    return true;
  }
  bool fill() {
    char bytes[16 * 1024];
    const ssize_t size = ::recv(descriptor_, bytes, sizeof bytes, 0);
    if (size > 0) {
      pending_.append(bytes, static_cast<std::size_t>(size));
      return true;
    }
    is_reset_ = size < 0 && errno == ECONNRESET;
    is_ended_ = size == 0 || is_reset_;
    return false;
  }

  int descriptor_;
  std::string pending_;
  bool is_ended_ = false;
  bool is_reset_ = false;
};

}  // namespace codehelper::test
