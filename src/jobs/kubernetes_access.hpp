// Finds the Kubernetes API by what the operator or the kubelet left on this machine.
#pragma once

#include "codehelper/jobs/kubernetes_ingest_jobs.hpp"
#include "kubernetes_config.hpp"

namespace codehelper {

/// `default_namespace` is the account's or the context's, or empty. Errors: invalid_input and malformed, with file and
/// field. Files of the list that are not there are passed over, as kubectl does, but not all of them.
Result<KubernetesAccess> load_kubernetes_access(const KubernetesPlace& place);

}  // namespace codehelper
