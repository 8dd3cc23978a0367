#include <catch2/catch.hpp>

#include <csignal>

#include "codehelper/agents/conversation_store.hpp"
#include "support/api_client.hpp"
#include "support/codehelper_process.hpp"
#include "support/sample_repository.hpp"

using namespace codehelper;
using namespace codehelper::test;

TEST_CASE("conversations: a server that is killed and started again has all that was finished") {
  const TemporaryDirectory folder;
  const std::string repo = write_sample_repository(folder).string();
  const std::filesystem::path data = folder.path() / "data";
  const Variables variables{{"CODEHELPER_DATA_DIR", data.string()}};
  EventLoop loop{1};
  const auto store = open_conversation_store(loop, data);
  const auto append = [&](const std::string& question) {
    ConversationTurn turn{question, {{"response", "r"}}, "2026-11-27T10:00:00.000Z"};
    return run_until_done(loop, store->append({}, "c-1", repo, std::move(turn)));
  };
  {
    CodehelperProcess server({"dev", "--port", "0", repo}, variables);
    ApiClient api(server.wait_for_url());
    REQUIRE(append("first"));
    REQUIRE(api.get("/conversations/c-1").json().at("turns").as_array().size() == 1);
    REQUIRE(append("second"));
    server.signal(SIGKILL);
    CHECK(server.wait() == -SIGKILL);
  }

  CodehelperProcess server({"dev", "--port", "0", repo}, variables);
  ApiClient api(server.wait_for_url());
  const auto turns = api.get("/conversations/c-1").json().at("turns").as_array();

  REQUIRE(turns.size() == 2);
  CHECK(turns[1].at("question") == "second");
  CHECK(api.remove("/conversations/c-1").status == 204);
  CHECK(api.get("/conversations/c-1").status == 404);
}
