#include "support/kubernetes_double.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

namespace codehelper::test {

namespace json = boost::json;

namespace {

std::string read_line(int descriptor) {
  std::string line;
  char byte = 0;
  while (::read(descriptor, &byte, 1) == 1 && byte != '\n') line += byte;
  return line;
}

}  // namespace

KubernetesDouble::KubernetesDouble(std::vector<std::string> arguments) {
  const Identity server = authority_.issue({});
  ca_file_ = folder_.write("ca.crt", authority_.certificate_pem());
  std::vector<std::string> all{"python3",       CODEHELPER_SOURCE_DIR "/tests/support/kubernetes_double.py",
                               "--certificate", folder_.write("server.crt", server.certificate_pem),
                               "--key",         folder_.write("server.key", server.key_pem),
                               "--client-ca",   ca_file_,
                               "--token",       "good-token"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  start(std::move(all));
}

void KubernetesDouble::start(std::vector<std::string> arguments) {
  int input[2];
  int output[2];
  if (::pipe2(input, O_CLOEXEC) != 0 || ::pipe2(output, O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, input[0], 0);
  posix_spawn_file_actions_adddup2(&actions, output[1], 1);
  std::vector<char*> pointers;
  for (std::string& argument : arguments) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  std::string path = "PATH=" CODEHELPER_TEST_PATH;
  char* environment[] = {path.data(), nullptr};
  const int error = ::posix_spawnp(&pid_, "python3", &actions, nullptr, pointers.data(), environment);
  posix_spawn_file_actions_destroy(&actions);
  ::close(input[0]);
  ::close(output[1]);
  input_ = input[1];
  const std::string line = error == 0 ? read_line(output[0]) : "";
  ::close(output[0]);
  if (line.empty()) throw std::runtime_error("the double of Kubernetes did not start");
  const json::object ports = json::parse(line).as_object();
  port_ = std::to_string(ports.at("port").as_int64());
  control_ = std::make_unique<ApiClient>("http://127.0.0.1:" + std::to_string(ports.at("control").as_int64()));
}

KubernetesDouble::~KubernetesDouble() {
  ::close(input_);
  int status = 0;
  ::waitpid(pid_, &status, 0);
}

std::string KubernetesDouble::write_kubeconfig(const std::string& user) const {
  const std::string text =
      "apiVersion: v1\nkind: Config\ncurrent-context: test\nclusters:\n- name: double\n  cluster: {server: \"" +
      server() +
      "\", certificate-authority: ca.crt}\ncontexts:\n- name: test\n  context: {cluster: double, user: me}\n" +
      "users:\n- name: me\n  user: " + user + "\n";
  return folder_.write("kubeconfig", text);
}

json::object KubernetesDouble::control(const std::string& what, const json::object& body) {
  const ApiAnswer answer = control_->post("/" + what, body);
  if (answer.status != 200) throw std::runtime_error("the double refused " + what + ": " + answer.text);
  return answer.json();
}

json::array KubernetesDouble::list(const std::string& items) {
  return control_->get("/" + items).json().at("items").as_array();
}

json::array KubernetesDouble::sent_jobs() {
  json::array jobs;
  for (const json::value& request : list("requests")) {
    if (request.at("method") == "POST") jobs.push_back(json::parse(request.at("body").as_string()));
  }
  return jobs;
}

std::vector<std::string> KubernetesDouble::request_lines() {
  std::vector<std::string> lines;
  for (const json::value& request : list("requests")) {
    const std::string path(request.at("path").as_string());
    lines.push_back(std::string(request.at("method").as_string()) + " " + path.substr(0, path.find('?')));
  }
  return lines;
}

}  // namespace codehelper::test
