#include "kubernetes_exec.hpp"

#include <catch2/catch.hpp>

#include "support/temporary_directory.hpp"

using namespace codehelper;

namespace {

constexpr std::string_view kVersion = "client.authentication.k8s.io/v1";

std::string credential(const std::string& status) {
  return R"({"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":)" + status + "}";
}

std::string fault_of(const std::string& text) {
  const auto parsed = parse_exec_credential(text, kVersion);
  return parsed ? "none" : parsed.error().message;
}

// A plugin written in sh, run as kubectl would run it.
struct PluginFixture {
  Result<ExecCredential> run(const std::string& script, std::chrono::milliseconds limit = std::chrono::seconds(30)) {
    const auto file = folder.write("login", "#!/bin/sh\n" + script);
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    ExecPlugin plugin;
    plugin.command = "login";
    plugin.arguments = {"first", "second one"};
    plugin.env = {{"EXTRA", "from-the-file"}};
    plugin.api_version = kVersion;
    plugin.install_hint = "install it";
    ExecSurroundings surroundings{
        CODEHELPER_BINARY, {{"PATH", folder.path().string() + ":/usr/bin:/bin"}, {"OWN", "ours"}}, limit};
    return run_until_done(loop, run_exec_plugin(loop, plugin, surroundings));
  }

  test::TemporaryDirectory folder;
  EventLoop loop{1};
};

}  // namespace

TEST_CASE("timestamps: RFC 3339 with fractions and offsets, nothing else") {
  using namespace std::chrono;
  const auto expected = sys_days(year(2030) / 1 / 2) + hours(3) + minutes(4) + seconds(5);

  CHECK(parse_timestamp("2030-01-02T03:04:05Z") == expected);
  CHECK(parse_timestamp("2030-01-02T03:04:05.123456789Z") == expected);
  CHECK(parse_timestamp("2030-01-02T05:34:05+02:30") == expected);
  CHECK(parse_timestamp("2030-01-01T19:04:05-08:00") == expected);
  for (const std::string_view text : {"", "2030", "2030-01-02", "2030-01-02T03:04:05", "2030-13-02T03:04:05Z",
                                      "2030-02-30T03:04:05Z", "2030-01-02T24:04:05Z", "2030-01-02 03:04:05Z",
                                      "2030-01-02T03:04:05+0230", "2030-01-02T03:04:-5Z", "2030-01-02T03:04:05Zx"}) {
    INFO(text);
    CHECK_FALSE(parse_timestamp(text));
  }
}

TEST_CASE("exec credential: token, certificate and expiry are read, faults never quote what was printed") {
  const auto token =
      parse_exec_credential(credential(R"({"token":"t","expirationTimestamp":"2030-01-01T00:00:00Z"})"), kVersion);
  const auto certificate =
      parse_exec_credential(credential(R"({"clientCertificateData":"c","clientKeyData":"k"})"), kVersion);

  REQUIRE(token);
  CHECK(token->token == "t");
  CHECK(token->expires);
  REQUIRE(certificate);
  CHECK(certificate->key_pem == "k");
  CHECK_FALSE(certificate->expires);
  CHECK(fault_of("hunter2") == "it printed no ExecCredential");
  CHECK(fault_of(R"({"kind":"Other"})") == "it printed no ExecCredential");
  CHECK(fault_of(R"({"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1beta1"})")
            .contains("another apiVersion"));
  CHECK(fault_of(credential("{}")).contains("neither"));
  CHECK(fault_of(credential(R"({"clientKeyData":"hunter2"})")).contains("a key without its certificate"));
  CHECK(fault_of(credential(R"({"token":5})")).contains("status.token is no text"));
  CHECK(fault_of(credential(R"({"token":"hunter2","expirationTimestamp":"soon"})")) ==
        "status.expirationTimestamp is no time");
}

TEST_CASE_METHOD(PluginFixture, "exec plugin: it gets arguments, environment and the kind of answer that is wanted") {
  const auto made =
      run("[ \"$1/$2\" = \"first/second one\" ] || exit 3\n"
          "[ \"$OWN/$EXTRA\" = \"ours/from-the-file\" ] || exit 4\n"
          "case \"$KUBERNETES_EXEC_INFO\" in *ExecCredential*) ;; *) exit 5;; esac\n"
          "echo '" +
          credential(R"({"token":"made"})") + "'\n");

  REQUIRE(made);
  CHECK(made->token == "made");
}

TEST_CASE_METHOD(PluginFixture, "exec plugin: failures say what it was, in its own words") {
  const auto failed = run("echo 'log in first' >&2; exit 7");
  const auto nonsense = run("echo hunter2");
  const auto slow = run("sleep 60", std::chrono::milliseconds(200));
  std::filesystem::remove(folder.path() / "login");
  ExecPlugin missing;
  missing.command = "nowhere-to-be-found";
  missing.install_hint = "install it";
  const auto absent = run_until_done(loop, run_exec_plugin(loop, missing, {CODEHELPER_BINARY, {}, {}}));

  CHECK(failed.error().message == "the credential plugin login failed with status 7: log in first");
  CHECK(nonsense.error().message == "the credential plugin login: it printed no ExecCredential");
  CHECK(slow.error().message.contains("within its limit"));
  CHECK(absent.error().message.contains("install it"));
  CHECK(absent.error().code == ErrorCode::unavailable);
}
