// Where a Kubernetes API is and how to show who we are: read from kubeconfig files as kubectl reads them, or from what
// the kubelet gives a pod. Pure; files that are named here are read by KubernetesCredentials.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codehelper/base/error.hpp"
#include "codehelper/net/http_client.hpp"

namespace codehelper {

/// A program that prints credentials (client.authentication.k8s.io).
struct ExecPlugin {
  std::string command;  // a name to look up in PATH, or an absolute path
  std::vector<std::string> arguments;
  std::map<std::string, std::string> env;  // besides our own
  std::string api_version;
  std::string install_hint;
};

/// The file is empty or absolute; when both are given the data counts, as kubectl has it.
struct FileOrData {
  std::filesystem::path file;
  std::string data;

  bool is_empty() const { return file.empty() && data.empty(); }
};

struct KubernetesAccess {
  std::string source;  // "~/.kube/config, context \"x\"": for messages
  std::string server;  // https://host:port
  TlsOptions::Peer peer = TlsOptions::Peer::verified;
  std::string server_name;  // empty = the server's host
  FileOrData ca;            // PEM; none = the system's
  std::string default_namespace;
  std::string token;
  std::filesystem::path token_file;  // counts before `token`; read anew for each call
  FileOrData client_certificate;     // PEM
  FileOrData client_key;
  std::string username;
  std::string password;
  std::optional<ExecPlugin> exec;
};

struct KubeconfigFile {
  std::filesystem::path path;  // absolute; relative paths in it start from its folder
  std::string text;
};

/// Merges the files (of each name the first file that has it counts) and follows current-context. Errors: invalid_input
/// or malformed, with file, field and way out; never a secret.
Result<KubernetesAccess> parse_kubeconfig(std::span<const KubeconfigFile> files);

/// The entries of KUBECONFIG.
std::vector<std::filesystem::path> split_kubeconfig_paths(std::string_view list);

/// What the kubelet gives a pod: `folder` holds token and ca.crt.
KubernetesAccess make_in_cluster_access(std::string_view host, std::string_view port,
                                        const std::filesystem::path& folder);

}  // namespace codehelper
