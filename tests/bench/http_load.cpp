// http_load PORT CONNECTIONS MILLISECONDS: asks GET /health on so many kept connections, one request at a time on each,
// and prints {"requests":N,"errors":N,"seconds":S,"p50_us":T,"p99_us":T}. One thread, one epoll.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kRequest = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";

struct Connection {
  int descriptor = -1;
  Clock::time_point asked;
  std::string answer;
};

struct Tally {
  std::vector<double> microseconds;
  std::size_t errors = 0;
};

int connect_to(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (descriptor < 0 || ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  return descriptor;
}

void ask(Connection& connection) {
  connection.asked = Clock::now();
  connection.answer.clear();
  if (::send(connection.descriptor, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(kRequest.size())) {
    std::perror("send");
    std::exit(1);
  }
}

/// Of an answer that begins with 200 and ends with the body of /health.
bool is_whole(const std::string& answer) {
  return answer.ends_with("}");
}

void take(Connection& connection, Tally& tally) {
  std::array<char, 4096> bytes{};
  const ssize_t size = ::recv(connection.descriptor, bytes.data(), bytes.size(), 0);
  if (size <= 0) {
    std::fprintf(stderr, "the server closed a connection\n");
    std::exit(1);
  }
  connection.answer.append(bytes.data(), static_cast<std::size_t>(size));
  if (!is_whole(connection.answer)) return;
  if (!connection.answer.starts_with("HTTP/1.1 200 ")) ++tally.errors;
  tally.microseconds.push_back(std::chrono::duration<double, std::micro>(Clock::now() - connection.asked).count());
  ask(connection);
}

double percentile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 4) return 2;
  const auto port = static_cast<std::uint16_t>(std::atoi(arguments[1]));
  std::vector<Connection> connections(static_cast<std::size_t>(std::atoi(arguments[2])));
  const std::chrono::milliseconds length(std::atoi(arguments[3]));

  const int poll = ::epoll_create1(0);
  for (Connection& connection : connections) {
    connection.descriptor = connect_to(port);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &connection;
    ::epoll_ctl(poll, EPOLL_CTL_ADD, connection.descriptor, &event);
  }
  Tally tally;
  const auto start = Clock::now();
  for (Connection& connection : connections) ask(connection);
  std::array<epoll_event, 256> events{};
  while (Clock::now() - start < length) {
    const int ready = ::epoll_wait(poll, events.data(), static_cast<int>(events.size()), 100);
    for (int i = 0; i < ready; ++i)
      take(*static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr), tally);
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::ranges::sort(tally.microseconds);
  std::printf("{\"requests\":%zu,\"errors\":%zu,\"seconds\":%.6f,\"p50_us\":%.1f,\"p99_us\":%.1f}\n",
              tally.microseconds.size(), tally.errors, seconds, percentile(tally.microseconds, 0.50),
              percentile(tally.microseconds, 0.99));
}
