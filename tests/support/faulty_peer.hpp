// A dependency on 127.0.0.1 that fails the way a test tells it to, and recovers on the same port.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace codehelper::test {

enum class Fault { none, down, frozen, slow, cut, nonsense, error };

class FaultyPeer {
 public:
  FaultyPeer() : acceptor_([this](const std::stop_token& stop) { accept_callers(stop); }) {
    while (port_ == 0) std::this_thread::yield();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// Holds for callers that come after this returns.
  void set(Fault fault) {
    fault_ = fault;
    while (is_listening_ != (fault != Fault::down)) std::this_thread::yield();
  }

 private:
  static constexpr std::chrono::milliseconds kStep{10};

  void accept_callers(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      const int listener = listen_again();
      is_listening_ = true;
      while (!stop.stop_requested() && fault_ != Fault::down) {
        if (!is_readable(listener)) continue;
        const int caller = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
        if (caller >= 0) callers_.emplace_back([this, caller](const std::stop_token& end) { serve(caller, end); });
      }
      ::close(listener);
      is_listening_ = false;
      while (!stop.stop_requested() && fault_ == Fault::down) std::this_thread::sleep_for(kStep);
    }
  }

  int listen_again() {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    ::setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    address.sin_port = ::htons(port_);
    auto* const name = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    if (::bind(listener, name, size) != 0 || ::listen(listener, 64) != 0) throw std::runtime_error("can't listen");
    ::getsockname(listener, name, &size);
    port_ = ::ntohs(address.sin_port);
    return listener;
  }

  static bool is_readable(int socket) {
    pollfd entry{socket, POLLIN, 0};
    return ::poll(&entry, 1, static_cast<int>(kStep.count())) > 0;
  }

  // One request a connection.
  void serve(int caller, const std::stop_token& stop) {
    std::string request;
    while (!stop.stop_requested() && !request.contains("\r\n\r\n")) {
      if (!is_readable(caller)) continue;
      char bytes[4096];
      const ssize_t size = ::recv(caller, bytes, sizeof bytes, 0);
      if (size <= 0) break;
      request.append(bytes, static_cast<std::size_t>(size));
    }
    answer(caller, stop);
    ::shutdown(caller, SHUT_WR);
    while (!stop.stop_requested() && !has_left(caller)) continue;
    ::close(caller);
  }

  void answer(int caller, const std::stop_token& stop) {
    switch (fault_.load()) {
      case Fault::none:
        send_text(caller, make_answer("200 OK", R"({"status":"ok"})"));
        return;
      case Fault::error:
        send_text(caller, make_answer("500 Internal Server Error", "broken"));
        return;
      case Fault::nonsense:
        send_text(caller, "SSH-2.0-OpenSSH_9.2p1\r\n");
        return;
      case Fault::cut:
        send_text(caller, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"sta");
        return;
      case Fault::slow:
        send_text(caller, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
        while (!stop.stop_requested() && !has_left(caller)) send_text(caller, " ");
        return;
      case Fault::down:
      case Fault::frozen:
        while (!stop.stop_requested() && !has_left(caller)) continue;
        return;
    }
  }

  // Waits a step for it.
  static bool has_left(int caller) {
    char bytes[4096];
    return is_readable(caller) && ::recv(caller, bytes, sizeof bytes, 0) <= 0;
  }

  static std::string make_answer(const std::string& status, const std::string& body) {
    return "HTTP/1.1 " + status +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\nConnection: close\r\n\r\n" + body;
  }

  static void send_text(int caller, const std::string& text) { ::send(caller, text.data(), text.size(), MSG_NOSIGNAL); }

  std::atomic<Fault> fault_ = Fault::none;
  std::atomic<std::uint16_t> port_ = 0;
  std::atomic<bool> is_listening_ = false;
  std::vector<std::jthread> callers_;  // ended before the acceptor's own members go
  std::jthread acceptor_;              // the last member: it ends first
};

}  // namespace codehelper::test
