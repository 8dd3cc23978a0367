// What a server holds for callers who are connected and silent.
#include <catch2/catch.hpp>

#include <sys/resource.h>

#include <fstream>
#include <memory>

#include "support/codehelper_process.hpp"
#include "support/raw_http.hpp"

using namespace codehelper::test;

namespace {

constexpr rlim_t kConnections = 10'000;
constexpr rlim_t kOtherFiles = 200;
// Of this build: a sanitizer's share is in it. A release build is held to 60 MiB by tests/bench/http_speed.py.
constexpr std::size_t kMaxMib = 250;

/// Descriptors that this process, and one it starts, may have; as many as its hard limit allows.
rlim_t raise_limit_of_files() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

std::size_t resident_mib(pid_t process) {
  std::ifstream file("/proc/" + std::to_string(process) + "/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)) / (std::size_t{1024} * 1024);
}

std::uint16_t port_of(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
}

}  // namespace

TEST_CASE("idle connections: ten thousand take little memory, each is still served, and so is a new one") {
  const rlim_t allowed = raise_limit_of_files();
  if (allowed < kConnections + kOtherFiles) WARN("the limit of open files allows only " << allowed);
  const auto count = static_cast<std::size_t>(std::min(kConnections, allowed - kOtherFiles));
  TemporaryDirectory root;
  CodehelperProcess server({"serve-runner", "--allowed-root", root.path().string(), "--port", "0"},
                           {{"RUNNER_SANDBOX", "off"}});
  const std::uint16_t port = port_of(server.wait_for_url());
  const std::string request = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const std::size_t before = resident_mib(server.pid());

  std::vector<std::unique_ptr<RawConnection>> idle;
  for (std::size_t i = 0; i < count; ++i) {
    idle.push_back(std::make_unique<RawConnection>(port));
    REQUIRE(idle.back()->send(request));
    REQUIRE(idle.back()->read_response().status == 200);
  }

  CHECK(resident_mib(server.pid()) - before <= kMaxMib);
  RawConnection late(port);
  REQUIRE(late.send(request));
  CHECK(late.read_response().status == 200);
  for (const std::size_t place : {std::size_t{0}, count / 2, count - 1}) {
    REQUIRE(idle[place]->send(request));
    CHECK(idle[place]->read_response().status == 200);
  }
}
