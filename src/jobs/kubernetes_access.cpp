#include "kubernetes_access.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>

namespace codehelper {

namespace {

Result<std::string> read_file(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (stream) return text;
  return fail(ErrorCode::invalid_input, file.string() + " can't be read; look at its permissions");
}

Result<KubernetesAccess> load_kubeconfig(const std::string& list) {
  std::vector<KubeconfigFile> files;
  for (const auto& path : split_kubeconfig_paths(list)) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) continue;
    auto text = read_file(path);
    if (!text) return std::unexpected(std::move(text.error()));
    files.push_back({std::filesystem::absolute(path, error), std::move(*text)});
  }
  if (files.empty()) {
    return fail(ErrorCode::invalid_input, fmt::format("KUBECONFIG: {} is not there; name a kubeconfig file", list));
  }
  return parse_kubeconfig(files);
}

}  // namespace

bool KubernetesPlace::is_in_cluster() const {
  std::error_code error;
  return !service_host.empty() && std::filesystem::exists(account_dir / "token", error);
}

Result<KubernetesAccess> load_kubernetes_access(const KubernetesPlace& place) {
  if (!place.kubeconfig.empty()) return load_kubeconfig(place.kubeconfig);
  if (!place.is_in_cluster()) {
    return fail(
        ErrorCode::invalid_input,
        fmt::format("there is no Kubernetes API to be found: neither KUBECONFIG names a file, nor is this a pod "
                    "with a service account ({}); set KUBECONFIG, or INGEST_BACKEND=local",
                    (place.account_dir / "token").string()));
  }
  const std::string_view port = place.service_port.empty() ? std::string_view("443") : place.service_port;
  auto access = make_in_cluster_access(place.service_host, port, place.account_dir);
  auto own_namespace = read_file(place.account_dir / "namespace");
  if (!own_namespace) return access;  // not every kubelet gives it
  own_namespace->erase(own_namespace->find_last_not_of(" \t\r\n") + 1);
  access.default_namespace = std::move(*own_namespace);
  return access;
}

}  // namespace codehelper
