// Runs tests/support/kubernetes_double.py, a Kubernetes API over TLS, and scripts it through its control port.
#pragma once

#include <sys/types.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "support/api_client.hpp"
#include "support/temporary_directory.hpp"
#include "support/test_certificates.hpp"

namespace codehelper::test {

class KubernetesDouble {
 public:
  /// `arguments` besides certificates and the token "good-token": see the script.
  explicit KubernetesDouble(std::vector<std::string> arguments = {});
  ~KubernetesDouble();
  KubernetesDouble(const KubernetesDouble&) = delete;
  KubernetesDouble& operator=(const KubernetesDouble&) = delete;

  std::string server() const { return "https://127.0.0.1:" + port_; }
  const std::string& port() const { return port_; }
  const std::filesystem::path& ca_file() const { return ca_file_; }
  /// Signs what the server trusts.
  const TestAuthority& authority() const { return authority_; }
  /// A kubeconfig with one context; `user` is the YAML of its user, in braces.
  std::string write_kubeconfig(const std::string& user = "{token: good-token}") const;
  const TemporaryDirectory& folder() const { return folder_; }

  /// POST to the control port: "faults", "tokens", "job", "pod", "remove", "down", "up", "forget".
  boost::json::object control(const std::string& what, const boost::json::object& body = {});
  /// `items` is "requests", "jobs" or "pods".
  boost::json::array list(const std::string& items);
  /// The bodies of all Jobs that were sent.
  boost::json::array sent_jobs();
  /// "POST /apis/…" of each request, without the query.
  std::vector<std::string> request_lines();
  void set_fault(boost::json::object fault) { control("faults", {{"faults", boost::json::array{std::move(fault)}}}); }
  void clear_faults() { control("faults", {{"faults", boost::json::array()}}); }

 private:
  void start(std::vector<std::string> arguments);

  TemporaryDirectory folder_;
  TestAuthority authority_;
  std::filesystem::path ca_file_;
  pid_t pid_ = -1;
  int input_ = -1;  // closed, it ends
  std::string port_;
  std::unique_ptr<ApiClient> control_;
};

}  // namespace codehelper::test
