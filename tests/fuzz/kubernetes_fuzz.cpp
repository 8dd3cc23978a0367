// Properties of the readers of what a Kubernetes API, a kubeconfig, a credential plugin and an operator's template say,
// for any bytes. The first byte chooses the reader.
#include <cstdint>
#include <cstdlib>
#include <set>

#include "kubernetes_exec.hpp"
#include "kubernetes_job_rules.hpp"
#include "kubernetes_job_template.hpp"

namespace {

using namespace codehelper;

void require(bool holds) {
  if (!holds) std::abort();
}

// Never a second Job beside one that is at work, and never its deletion.
void check_job(std::string_view text) {
  const auto job = parse_kubernetes_job(text);
  if (!job) return;
  require(!job->name.empty());
  const StartStep step = next_start_step(*job, "own");
  require(step != StartStep::create);
  if (job->phase != KubernetesJob::Phase::active) return;
  require(step != StartStep::replace);
  require(!job->detail.empty());
}

void check_pods(std::string_view text) {
  const auto pods = parse_kubernetes_pods(text);
  if (!pods) return;
  for (const KubernetesPod& pod : *pods) require(pod.name.find_first_of("/?#% \r\n") == std::string::npos);
  std::set<std::uint64_t> shards;
  for (const KubernetesPod& pod : newest_of_each_shard(*pods)) require(shards.insert(pod.shard).second);
}

void check_log(std::string_view text) {
  constexpr std::size_t kLines = 3;
  const std::string tail = last_lines(text, kLines);
  std::size_t lines = tail.empty() ? 0 : 1;
  for (const char c : tail) lines += c == '\n' ? 1 : 0;
  require(lines <= kLines);
  find_progress(text);
}

void check_kubeconfig(std::string_view text) {
  const KubeconfigFile file{"/folder/config", std::string(text)};
  const auto access = parse_kubeconfig({&file, 1});
  if (!access) {
    require(access.error().message.contains("/folder/config"));
    return;
  }
  require(!access->server.empty());
  for (const auto& path : {access->token_file, access->ca.file, access->client_certificate.file}) {
    require(path.empty() || path.is_absolute());
  }
}

void check_template(std::string_view text) {
  const auto job_template = parse_job_template("file", text);
  if (!job_template) return;
  JobRequest request;
  request.name = "ingest-1";
  request.image = "image";
  request.project_path = "/path";
  request.shards = 2;
  const auto job = make_job(*job_template, request);
  require(job.at("metadata").at("name") == "ingest-1");
  require(job.at("spec").at("completions") == 2U);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0]) {
    case 'j':
      check_job(text);
      break;
    case 'p':
      check_pods(text);
      break;
    case 'l':
      check_log(text);
      break;
    case 'k':
      check_kubeconfig(text);
      break;
    case 't':
      check_template(text);
      break;
    case 'e':
      parse_exec_credential(text, "client.authentication.k8s.io/v1");
      parse_timestamp(text);
      break;
    default:
      parse_kubernetes_refusal({}, 404, text);
  }
  return 0;
}
