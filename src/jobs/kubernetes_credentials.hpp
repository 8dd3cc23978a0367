// Keeps the credentials of a Kubernetes API fresh: the kubelet replaces token and CA in place, plugins' credentials
// expire.
#pragma once

#include "codehelper/net/event_loop.hpp"
#include "codehelper/net/http_client.hpp"
#include "kubernetes_exec.hpp"

namespace codehelper {

struct KubernetesCredentials {
  TlsOptions tls;
  std::string authorization;  // value of the header; empty = none
};

/// Reads the files that `access` names; without what a plugin adds. Blocks for as long as that takes. Errors:
/// unavailable, with the file.
Result<KubernetesCredentials> read_credential_files(const KubernetesAccess& access);

class KubernetesCredentialSource {
 public:
  /// `loop` outlives it.
  KubernetesCredentialSource(EventLoop& loop, KubernetesAccess access, ExecSurroundings surroundings);

  const KubernetesAccess& access() const { return access_; }
  /// Files are read at each call; a plugin is run when its last credentials have expired. Errors: unavailable,
  /// cancelled.
  Task<Result<KubernetesCredentials>> load();
  /// The server refused them: what a plugin gave is not used again.
  void forget() { from_plugin_.reset(); }

 private:
  EventLoop& loop_;
  KubernetesAccess access_;
  ExecSurroundings surroundings_;
  std::optional<ExecCredential> from_plugin_;
};

}  // namespace codehelper
