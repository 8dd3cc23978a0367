// The protocol code of the program with the tools that the conformance suites ask for. Prints its URL; ends with its
// standard input.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "codehelper/net/http_server.hpp"
#include "support/mcp_fixture_tools.hpp"

using namespace codehelper;

namespace {

Task<void> wait_for_end(EventLoop& loop, HttpServer& server, ChatRuns& runs) {
  char byte = 0;
  auto read = [&byte] { return ::read(STDIN_FILENO, &byte, 1); };
  while (co_await loop.run_blocking(read) > 0) {
  }
  co_await server.drain(std::chrono::milliseconds(0));
  co_await runs.shut_down();
}

}  // namespace

int main() {
  EventLoop loop;
  Metrics metrics;
  test::McpFixtureTools tools;
  ChatRuns runs(loop);
  Router router;
  add_mcp_routes(router, {tools, runs});
  HttpServerOptions options;
  options.host_names = {"localhost", "127.0.0.1"};
  HttpServer server(loop, std::move(router), std::move(options), Log::none(), metrics);
  const auto port = server.start();
  if (!port) return 1;
  fmt::print("http://localhost:{}/mcp\n", *port);
  std::fflush(stdout);
  run_until_done(loop, wait_for_end(loop, server, runs));
  return 0;
}
