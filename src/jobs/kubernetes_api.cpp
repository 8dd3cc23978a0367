#include "kubernetes_api.hpp"

#include <fmt/format.h>
#include <boost/json/serialize.hpp>

#include <charconv>

#include "codehelper/net/with_deadline.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::size_t kAnswerLimitBytes = std::size_t{8} * 1024 * 1024;
constexpr int kLogLines = 100;
constexpr int kLogBytes = 256 * 1024;  // counted from the first of those lines: long ones must not push out the last

std::string escape_query(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          std::string_view("-._").contains(c);
    escaped += is_plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return escaped;
}

bool is_success(const HttpAnswer& answer) {
  return answer.status >= 200 && answer.status < 300;
}

// How long the server asks to wait before the call is made again; nothing when it doesn't.
std::optional<std::chrono::milliseconds> find_pause(const HttpAnswer& answer) {
  if (answer.status != 429 && answer.status != 503 && answer.status != 504) return std::nullopt;
  const std::string_view text = answer.headers.find("Retry-After").value_or("");
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  return std::chrono::seconds(seconds);
}

std::unexpected<Error> refuse(std::string_view what, std::string_view why) {
  return fail(ErrorCode::unavailable, fmt::format("the Kubernetes API can't {}: {}", what, why));
}

// An error of the way to the server, of whatever kind, means that the backend is unavailable.
std::unexpected<Error> unreachable(const Error& error) {
  if (error.code == ErrorCode::cancelled) return std::unexpected(error);
  return fail(ErrorCode::unavailable, "the Kubernetes API can't be asked: " + error.message);
}

std::unexpected<Error> refuse(std::string_view what, const HttpAnswer& answer) {
  const auto refusal = parse_kubernetes_refusal(answer.headers, answer.status, answer.body);
  return refuse(what, refusal ? refusal->message : refusal.error().message);
}

bool is_missing(const HttpAnswer& answer) {
  return answer.status == 404 && parse_kubernetes_refusal(answer.headers, answer.status, answer.body).has_value();
}

}  // namespace

KubernetesApi::KubernetesApi(EventLoop& loop, Metrics& metrics, Options options)
    : loop_(loop),
      metrics_(metrics),
      options_(std::move(options)),
      source_(loop, options_.access, options_.surroundings),
      jobs_path_(fmt::format("/apis/batch/v1/namespaces/{}/jobs", options_.job_namespace)),
      pods_path_(fmt::format("/api/v1/namespaces/{}/pods", options_.job_namespace)) {}

Result<std::unique_ptr<KubernetesApi>> KubernetesApi::make(EventLoop& loop, Metrics& metrics, Options options) {
  std::unique_ptr<KubernetesApi> api(new KubernetesApi(loop, metrics, std::move(options)));
  const std::string& source = api->options_.access.source;
  const auto credentials = read_credential_files(api->options_.access);
  if (!credentials) return fail_with_context(source, credentials.error());
  auto client = api->make_client(credentials->tls);
  if (!client) return fail_with_context(source, std::move(client.error()));
  api->tls_ = credentials->tls;
  api->client_ = std::move(*client);
  return api;
}

Result<std::shared_ptr<HttpClient>> KubernetesApi::make_client(const TlsOptions& tls) {
  HttpClientOptions options;
  options.base_url = options_.access.server;
  options.tls = tls;
  options.metrics = &metrics_;
  options.role = "kubernetes";
  auto client = HttpClient::make(loop_, std::move(options));
  if (!client) return std::unexpected(std::move(client.error()));
  return std::shared_ptr<HttpClient>(std::move(*client));
}

Task<Result<HttpAnswer>> KubernetesApi::call_once(RequestContext context, HttpCall call) {
  auto loading = source_.load();
  auto credentials = co_await with_deadline(context.deadline, "reading the credentials", std::move(loading));
  if (!credentials) co_return std::unexpected(std::move(credentials.error()));
  if (credentials->tls != tls_) {
    auto client = make_client(credentials->tls);
    if (!client) co_return std::unexpected(std::move(client.error()));
    client_ = std::move(*client);
    tls_ = std::move(credentials->tls);
  }
  if (!credentials->authorization.empty()) call.headers.set("Authorization", std::move(credentials->authorization));
  call.headers.set("Accept", "application/json, */*");
  call.limit = options_.call_limit;
  call.answer_limit_bytes = kAnswerLimitBytes;
  const std::shared_ptr<HttpClient> client = client_;  // another call may replace it meanwhile
  co_return co_await client->call(std::move(context), std::move(call));
}

Task<Result<HttpAnswer>> KubernetesApi::call(RequestContext context, HttpCall call) {
  bool was_refused = false;
  while (true) {
    auto answer = co_await call_once(context, call);
    if (!answer) co_return unreachable(answer.error());
    if (answer->status == 401 && !was_refused) {
      was_refused = true;
      source_.forget();
      continue;
    }
    const auto pause = find_pause(*answer);
    if (!pause || *pause >= context.deadline.remaining()) co_return answer;
    const auto slept = co_await sleep_for(std::max(*pause, std::chrono::milliseconds(100)));
    if (!slept) co_return std::unexpected(slept.error());
  }
}

Task<Result<std::optional<KubernetesJob>>> KubernetesApi::get_job(RequestContext context, std::string name) {
  HttpCall get;
  get.target = jobs_path_ + "/" + name;
  const auto answer = co_await call(std::move(context), std::move(get));
  if (!answer) co_return std::unexpected(answer.error());
  if (is_missing(*answer)) co_return std::nullopt;
  if (!is_success(*answer)) co_return refuse("read the Job", *answer);
  auto job = parse_kubernetes_job(answer->body);
  if (!job) co_return refuse("read the Job", job.error().message);
  co_return std::move(*job);
}

Task<Result<std::vector<KubernetesJob>>> KubernetesApi::list_jobs(RequestContext context, std::string label,
                                                                  std::string value) {
  HttpCall get;
  get.target = fmt::format("{}?labelSelector={}", jobs_path_, escape_query(label + "=" + value));
  const auto answer = co_await call(std::move(context), std::move(get));
  if (!answer) co_return std::unexpected(answer.error());
  if (is_missing(*answer)) co_return std::vector<KubernetesJob>();
  if (!is_success(*answer)) co_return refuse("list Jobs", *answer);
  auto jobs = parse_kubernetes_job_list(answer->body);
  if (!jobs) co_return refuse("list Jobs", jobs.error().message);
  co_return std::move(*jobs);
}

Task<Result<KubernetesApi::Created>> KubernetesApi::create_job(RequestContext context, json::object job) {
  HttpCall post;
  post.method = "POST";
  post.target = jobs_path_;
  post.body = json::serialize(job);
  const auto answer = co_await call(std::move(context), std::move(post));
  if (!answer) co_return std::unexpected(answer.error());
  // Also a quota that changed meanwhile is a 409 (Conflict): the caller looks again in either case.
  if (answer->status == 409) co_return Created::exists_already;
  if (!is_success(*answer)) co_return refuse("create the Job", *answer);
  co_return Created::done;
}

Task<Result<KubernetesApi::Deleted>> KubernetesApi::delete_job(RequestContext context, KubernetesJob job) {
  HttpCall remove;
  remove.method = "DELETE";
  remove.target = jobs_path_ + "/" + job.name;
  remove.safe_to_repeat = true;
  json::object options{{"kind", "DeleteOptions"}, {"apiVersion", "v1"}, {"propagationPolicy", "Background"}};
  if (!job.uid.empty()) options["preconditions"] = json::object{{"uid", job.uid}};
  remove.body = json::serialize(options);
  const auto answer = co_await call(std::move(context), std::move(remove));
  if (!answer) co_return std::unexpected(answer.error());
  if (answer->status == 409) co_return Deleted::is_another;
  if (!is_success(*answer) && !is_missing(*answer)) co_return refuse("delete the Job", *answer);
  co_return Deleted::done;
}

Task<Result<std::vector<KubernetesPod>>> KubernetesApi::list_pods(RequestContext context, std::string job_name) {
  HttpCall get;
  get.target = fmt::format("{}?labelSelector={}", pods_path_, escape_query("job-name=" + job_name));
  const auto answer = co_await call(std::move(context), std::move(get));
  if (!answer) co_return std::unexpected(answer.error());
  if (is_missing(*answer)) co_return std::vector<KubernetesPod>();
  if (!is_success(*answer)) co_return refuse("list the Job's pods", *answer);
  auto pods = parse_kubernetes_pods(answer->body);
  if (!pods) co_return refuse("list the Job's pods", pods.error().message);
  co_return std::move(*pods);
}

Task<Result<std::string>> KubernetesApi::read_log(RequestContext context, std::string pod) {
  HttpCall get;
  get.target =
      fmt::format("{}/{}/log?container=ingest&tailLines={}&limitBytes={}", pods_path_, pod, kLogLines, kLogBytes);
  auto answer = co_await call(std::move(context), std::move(get));
  if (!answer) co_return std::unexpected(std::move(answer.error()));
  if (answer->status == 400 || answer->status == 404) co_return std::string();  // not started yet, or gone
  if (!is_success(*answer)) co_return refuse("read the pod's log", *answer);
  co_return std::move(answer->body);
}

}  // namespace codehelper
