#include <catch2/catch.hpp>

#include "kubernetes_jobs_fixture.hpp"

using namespace codehelper;
using namespace codehelper::test;
namespace json = boost::json;

namespace {

struct CredentialsFixture : KubernetesJobsFixture {
  /// What a status call is answered with those credentials.
  Result<JobStatus> ask_as(const std::string& user) {
    options.place.kubeconfig = cluster.write_kubeconfig(user);
    open();
    return status();
  }
  /// Puts an account where the kubelet would, and no kubeconfig.
  void become_a_pod(const std::string& token, const std::string& own_namespace) {
    cluster.folder().write("account/token", token + "\n");
    cluster.folder().write("account/ca.crt", cluster.authority().certificate_pem());
    cluster.folder().write("account/namespace", own_namespace + "\n");
    options.place = {"", "127.0.0.1", cluster.port(), cluster.folder().path() / "account"};
  }
  /// A plugin that prints token-1 the first time, token-2 the second, …
  std::string write_plugin(const std::string& expires) const {
    const auto file = cluster.folder().write(
        "login",
        "#!/bin/sh\ncd " + cluster.folder().path().string() +
            "\necho x >> calls\necho '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\","
            "\"status\":{\"token\":\"token-'$(wc -l < calls)'\"" +
            expires + "}}'\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    return "{exec: {apiVersion: client.authentication.k8s.io/v1, command: ./login}}";
  }
};

}  // namespace

TEST_CASE_METHOD(CredentialsFixture,
                 "kubernetes credentials: token, token file, password and client certificate are taken") {
  const Identity me = cluster.authority().issue({});
  cluster.folder().write("me.crt", me.certificate_pem);
  cluster.folder().write("me.key", me.key_pem);
  cluster.folder().write("token-file", "good-token\n");

  CHECK(ask_as("{token: good-token}"));
  CHECK(ask_as("{tokenFile: token-file, token: bad}"));
  CHECK(ask_as("{client-certificate: me.crt, client-key: me.key}"));
  const auto wrong = ask_as("{token: wrong}");
  const auto nobody = ask_as("{}");

  REQUIRE_FALSE(wrong);
  CHECK_THAT(wrong.error().message, Catch::Contains("Unauthorized"));
  REQUIRE_FALSE(nobody);
  CHECK_THAT(nobody.error().message, Catch::Contains("system:anonymous"));
}

TEST_CASE("kubernetes credentials: user and password are sent as basic authentication") {
  KubernetesJobsFixture fixture;
  KubernetesDouble cluster({"--user", "me:pass:word"});
  fixture.options.place.kubeconfig = cluster.write_kubeconfig("{username: me, password: 'pass:word'}");
  fixture.open();

  CHECK(fixture.status());
}

TEST_CASE_METHOD(CredentialsFixture, "kubernetes credentials: in a pod the account is used, and its namespace") {
  become_a_pod("good-token", "default");
  open();

  const auto started = start();

  REQUIRE(started);
  CHECK(job().at("metadata").at("namespace") == "default");
}

TEST_CASE_METHOD(CredentialsFixture,
                 "kubernetes credentials: a token and an authority that the kubelet replaced are used at once") {
  become_a_pod("good-token", "code-helper");
  open();
  REQUIRE(status());
  cluster.control("tokens", {{"tokens", json::array{"rotated"}}});
  const auto refused = status();
  cluster.folder().write("account/token", "rotated");
  const auto accepted = status();
  cluster.folder().write("account/ca.crt", TestAuthority("another authority").certificate_pem());
  const auto distrusted = status();

  REQUIRE_FALSE(refused);
  CHECK(accepted);
  REQUIRE_FALSE(distrusted);
  CHECK_THAT(distrusted.error().message, Catch::Contains("TLS certificate refused"));
}

TEST_CASE_METHOD(CredentialsFixture, "kubernetes credentials: a call that was refused once is made once more") {
  open();
  cluster.set_fault({{"kind", "refusal"}, {"status", 401}, {"times", 1}, {"message", "Unauthorized"}});

  CHECK(status());
}

TEST_CASE_METHOD(CredentialsFixture,
                 "kubernetes credentials: a plugin runs when its last token has expired or was refused") {
  cluster.control("tokens", {{"tokens", json::array{"token-1", "token-2", "token-3"}}});
  const std::string calls = (cluster.folder().path() / "calls").string();
  const auto count_calls = [&] { return std::filesystem::exists(calls) ? std::filesystem::file_size(calls) / 2 : 0; };

  REQUIRE(ask_as(write_plugin("")));
  REQUIRE(status());
  CHECK(count_calls() == 1);
  cluster.control("tokens", {{"tokens", json::array{"token-2", "token-3"}}});
  REQUIRE(status());
  CHECK(count_calls() == 2);
  REQUIRE(ask_as(write_plugin(R"(,"expirationTimestamp":"2020-01-01T00:00:00Z")")));
  CHECK(count_calls() >= 3);
}

TEST_CASE_METHOD(CredentialsFixture,
                 "kubernetes credentials: a server that nobody vouches for is refused, unless told otherwise") {
  const auto config = [&](const std::string& cluster_yaml) {
    options.place.kubeconfig = cluster.folder().write(
        "other", "current-context: x\nclusters: [{name: c, cluster: {server: \"" + cluster.server() + "\"" +
                     cluster_yaml +
                     "}}]\ncontexts: [{name: x, context: {cluster: c, user: u, namespace: default}}]\n"
                     "users: [{name: u, user: {token: good-token}}]\n");
    open();
  };

  config("");
  const auto untrusted = status();
  config(", insecure-skip-tls-verify: true");
  const auto anybody = start();
  config(", certificate-authority: ca.crt, tls-server-name: localhost");
  const auto named = status();

  REQUIRE_FALSE(untrusted);
  CHECK_THAT(untrusted.error().message, Catch::Contains("TLS certificate refused"));
  CHECK(anybody);
  CHECK(job().at("metadata").at("namespace") == "default");
  CHECK(named);
}
