#include "kubernetes_config.hpp"

#include <catch2/catch.hpp>

using namespace codehelper;

namespace {

constexpr std::string_view kWhole = R"(
apiVersion: v1
kind: Config
current-context: work
clusters:
- name: far
  cluster:
    server: https://far.example:6443
    certificate-authority: pki/ca.crt
    tls-server-name: kubernetes
- name: near
  cluster: {server: "https://near.example", insecure-skip-tls-verify: true}
contexts:
- name: work
  context: {cluster: far, user: worker, namespace: team}
- name: play
  context: {cluster: near, user: player}
users:
- name: worker
  user:
    client-certificate: /pki/worker.crt
    client-key-data: c2VjcmV0LWtleQ==
- name: player
  user: {token: t1, tokenFile: token, username: u, password: p}
)";

Result<KubernetesAccess> parse(std::vector<std::string> texts) {
  std::vector<KubeconfigFile> files;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    files.push_back({"/home/me/" + std::to_string(i) + "/config", std::move(texts[i])});
  }
  return parse_kubeconfig(files);
}

// A kubeconfig with that cluster, context and user.
std::string with(const std::string& cluster, const std::string& user,
                 const std::string& context = "{cluster: c, user: u}") {
  return "current-context: x\nclusters: [{name: c, cluster: " + cluster +
         "}]\ncontexts: [{name: x, context: " + context + "}]\nusers: [{name: u, user: " + user + "}]\n";
}

}  // namespace

TEST_CASE("kubeconfig: the current context leads to cluster, namespace and user; paths start at their file") {
  const auto access = parse({std::string(kWhole)});

  REQUIRE(access);
  CHECK(access->server == "https://far.example:6443");
  CHECK(access->ca.file == "/home/me/0/pki/ca.crt");
  CHECK(access->server_name == "kubernetes");
  CHECK(access->peer == TlsOptions::Peer::verified);
  CHECK(access->default_namespace == "team");
  CHECK(access->client_certificate.file == "/pki/worker.crt");
  CHECK(access->client_key.data == "secret-key");
  CHECK(access->token.empty());
}

TEST_CASE("kubeconfig: of several files the first that has a name or a current-context counts") {
  const auto access =
      parse({"current-context: play\nusers: [{name: player, user: {token: mine}}]\n", std::string(kWhole)});

  REQUIRE(access);
  CHECK(access->server == "https://near.example");
  CHECK(access->peer == TlsOptions::Peer::anybody);
  CHECK(access->token == "mine");
  CHECK(access->token_file.empty());
  CHECK(access->default_namespace.empty());
}

TEST_CASE("kubeconfig: token, token file, user and password are read") {
  const auto access = parse({"current-context: play\n", std::string(kWhole)});

  REQUIRE(access);
  CHECK(access->token == "t1");
  CHECK(access->token_file == "/home/me/1/token");
  CHECK(access->username == "u");
  CHECK(access->password == "p");
}

TEST_CASE("kubeconfig: an exec plugin is read, its relative command starts at the file") {
  const auto access = parse({with("{server: s}",
                                  "{exec: {apiVersion: client.authentication.k8s.io/v1, command: bin/login, "
                                  "args: [a, 'b c'], env: [{name: N, value: V}], installHint: get it}}")});

  REQUIRE(access);
  REQUIRE(access->exec);
  CHECK(access->exec->command == "/home/me/0/bin/login");
  CHECK(access->exec->arguments == std::vector<std::string>{"a", "b c"});
  CHECK(access->exec->env.at("N") == "V");
  CHECK(access->exec->install_hint == "get it");
}

TEST_CASE("kubeconfig: faults name file and field, never a secret") {
  const auto [text, expected] = GENERATE(table<std::string, std::string>({
      {"current-context: x\nclusters: 5\ncontexts: [{name: x, context: {cluster: c}}]",
       "/home/me/0/config.clusters: must be a list"},
      {"clusters: []", "current-context is missing"},
      {"current-context: gone", "no entry \"gone\" in contexts"},
      {with("{server: s}", "{}", "{cluster: other, user: u}"), "no entry \"other\" in clusters"},
      {with("{server: s}", "{}", "{cluster: c, user: other}"), "no entry \"other\" in users"},
      {with("{}", "{}"), "clusters[\"c\"].cluster.server: is missing"},
      {with("{server: s, proxy-url: 'http://p'}", "{}"), "proxy-url: is not supported"},
      {with("{server: s, certificate-authority-data: '!'}", "{}"), "certificate-authority-data: is no base64"},
      {with("{server: s, certificate-authority: a, insecure-skip-tls-verify: true}", "{}"), "contradicts"},
      {with("{server: s, insecure-skip-tls-verify: hunter2}", "{}"), "must be true or false"},
      {with("{server: s}", "{token: 12345}"), "users[\"u\"].user.token: must be text"},
      {with("{server: s}", "{client-certificate: a}"), "belong together"},
      {with("{server: s}", "{client-key-data: 'hunter2'}"), "client-key-data: is no base64"},
      {with("{server: s}", "{auth-provider: {name: gcp}}"), "auth-provider: is not supported"},
      {with("{server: s}", "{exec: {command: x}}"), "exec.apiVersion: must be"},
      {with("{server: s}", "{exec: {apiVersion: client.authentication.k8s.io/v1}}"), "exec.command: is missing"},
      {with("{server: s}", "{exec: {apiVersion: client.authentication.k8s.io/v1, command: x, env: [{name: N}]}}"),
       "exec.env: each entry needs"},
      {with("{server: s}", "hunter2"), "users[\"u\"].user: must be a mapping"},
      {"current-context: [hunter2", "/home/me/0/config: line"},
  }));

  const auto access = parse({text});

  REQUIRE_FALSE(access);
  INFO(access.error().message);
  CHECK(access.error().message.contains(expected));
  CHECK(access.error().message.contains("/home/me/0/config"));
  CHECK_FALSE(access.error().message.contains("hunter2"));
}

TEST_CASE("kubeconfig: the list of KUBECONFIG is cut at colons, empty entries are none") {
  CHECK(split_kubeconfig_paths(":/a::b:") == std::vector<std::filesystem::path>{"/a", "b"});
  CHECK(split_kubeconfig_paths("").empty());
}

TEST_CASE("in-cluster access: an IPv6 host is put in brackets") {
  const auto ipv6 = make_in_cluster_access("fd00::1", "443", "/account");
  const auto name = make_in_cluster_access("10.0.0.1", "6443", "/account");

  CHECK(ipv6.server == "https://[fd00::1]:443");
  CHECK(name.server == "https://10.0.0.1:6443");
  CHECK(name.token_file == "/account/token");
  CHECK(name.ca.file == "/account/ca.crt");
}
