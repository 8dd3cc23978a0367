// GET /v1/models, GET /v1/models/{id}, POST /v1/chat/completions.
#include <boost/json/array.hpp>

#include <memory>

#include "codehelper/api/chat.hpp"
#include "codehelper/api/json_route.hpp"
#include "codehelper/base/hash.hpp"
#include "codehelper/base/json_text.hpp"
#include "openai_answer.hpp"
#include "openai_chores.hpp"
#include "openai_models.hpp"
#include "openai_request.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

constexpr std::chrono::minutes kChatBudget{5};
/// So much of the budget is left when a run must have ended: its error says not to try again, the server's own doesn't.
constexpr std::chrono::seconds kReplyTime{5};
constexpr std::size_t kKeyBytes = 255;

std::int64_t now_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// The runs that were started for an Idempotency-Key, as long as the runs are remembered.
class IdempotencyKeys {
 public:
  struct Entry {
    std::string body_hash;
    std::string run_id;
    std::int64_t created = 0;
  };

  /// `runs` outlives it.
  explicit IdempotencyKeys(ChatRuns& runs) : runs_(runs) {}

  /// Null when the key is new, or its run forgotten.
  const Entry* find(const std::string& key) const {
    const auto found = entries_.find(key);
    return found == entries_.end() || runs_.find(found->second.run_id) == nullptr ? nullptr : &found->second;
  }
  void add(const std::string& key, Entry entry) {
    std::erase_if(entries_, [this](const auto& other) { return runs_.find(other.second.run_id) == nullptr; });
    entries_[key] = std::move(entry);
  }

 private:
  ChatRuns& runs_;
  std::map<std::string, Entry> entries_;
};

struct OpenaiDoor {
  ApiServices& services;
  IdempotencyKeys keys;
  std::int64_t started = now_seconds();
};
using SharedDoor = std::shared_ptr<OpenaiDoor>;

json::object describe_model(const OpenaiDoor& door, const OpenaiModel& model) {
  json::object object{{"id", model.id}, {"object", "model"}, {"created", door.started}, {"owned_by", "codehelper"}};
  if (model.project) object["project_path"] = model.project->posted_path;
  return object;
}

Task<Result<HttpReply>> get_models(SharedDoor door, RequestContext context) {
  const std::vector<OpenaiModel> models = co_await list_models(door->services, std::move(context));
  json::array data;
  for (const OpenaiModel& model : models) data.push_back(describe_model(*door, model));
  co_return make_json_reply(to_json_text(json::object{{"object", "list"}, {"data", std::move(data)}}));
}

HttpReply make_unknown_model_reply(const Error& error, const RequestContext& context) {
  return make_error_reply(404, "model_not_found", error.message, context.request_id);
}

Task<Result<HttpReply>> get_model(SharedDoor door, RequestContext context, HttpRequest request) {
  const auto model = co_await find_model(door->services, context, request.parameters.at("id"));
  if (!model) co_return make_unknown_model_reply(model.error(), context);
  co_return make_json_reply(to_json_text(describe_model(*door, *model)));
}

/// Answers a chore as if the crew had.
Task<Result<json::object>> do_chore(ApiServices& services, RequestContext context, std::string prompt) {
  ChatAnswer answer;
  answer.response = co_await answer_chore(std::move(context), services.model, std::move(prompt));
  co_return to_json(answer);
}

Task<Result<json::object>> ask_crew(ApiServices& services, RequestContext context, ChatRequest chat, ChatRun& run) {
  CrewSink on_event = [&run](const CrewEvent& event) {
    if (!std::holds_alternative<ChatStep>(event)) return;  // what is not told needn't be kept
    const NamedEvent named = name_event(event);
    run.push(named.name, named.data);
  };
  const auto answer = co_await answer_chat(services, std::move(context), std::move(chat), std::move(on_event));
  if (!answer) co_return std::unexpected(answer.error());
  co_return to_json(*answer);
}

/// Errors: those of Projects::resolve(), but that there is no project at all is the crew's to say.
Task<Result<ChatRequest>> make_chat(ApiServices& services, RequestContext context, OpenaiModel model,
                                    CompletionRequest completion) {
  ChatRequest chat;
  chat.project = std::move(model.project);
  if (!chat.project) {
    auto current = co_await services.projects->resolve(std::move(context), std::nullopt);
    if (!current && current.error().code != ErrorCode::not_found) co_return std::unexpected(current.error());
    if (current) chat.project = std::move(*current);
  }
  chat.pinned_repo = services.projects->pinned_repo(chat.project);
  chat.message = std::move(completion.question);
  chat.instructions = std::move(completion.instructions);
  chat.attachments = std::move(completion.attachments);
  chat.history = std::move(completion.history);
  co_return chat;
}

/// A run that a key names goes on when the caller's connection breaks, so that the caller finds it when it comes again.
std::shared_ptr<ChatRun> start_run(OpenaiDoor& door, RequestContext context, ChatRequest chat, OnDisconnect left) {
  context.deadline =
      context.deadline.is_never() ? Deadline::after(kChatBudget) : Deadline::at(context.deadline.when() - kReplyTime);
  ApiServices& services = door.services;
  ChatRun::Work work = [&services, asked = std::move(chat)](RequestContext inner, ChatRun& run) {
    return is_chore(asked.message) ? do_chore(services, std::move(inner), asked.message)
                                   : ask_crew(services, std::move(inner), asked, run);
  };
  return services.chat_runs->start(std::move(context), left, {}, std::move(work));
}

Task<Result<HttpReply>> reply_with(std::shared_ptr<ChatRun> run, RequestContext context, CompletionStyle style) {
  if (style.is_stream) {
    co_return ChatRuns::follow(std::move(run), 0, [style](std::size_t, const RunEvent& event) {
      return make_completion_chunks(style, event);
    });
  }
  const auto answer = co_await ChatRuns::await_answer(std::move(run));
  if (answer) co_return make_json_reply(to_json_text(make_completion(style, *answer)));
  // Clients try again by themselves after 408, 409, 429 and 5xx: a run is too dear for that.
  HttpReply reply = make_error_reply(answer.error(), context.request_id);
  reply.headers.set("x-should-retry", "false");
  co_return reply;
}

Task<Result<HttpReply>> post_completion(SharedDoor door, RequestContext context, HttpRequest request,
                                        json::object body) {
  auto completion = parse_completion_request(body);
  if (!completion) co_return std::unexpected(completion.error());
  const std::string key(request.headers.find("Idempotency-Key").value_or(""));
  if (key.size() > kKeyBytes) {
    co_return fail(ErrorCode::invalid_input, "Idempotency-Key must have 255 characters at most");
  }
  auto model = co_await find_model(door->services, context, completion->model);
  if (!model) co_return make_unknown_model_reply(model.error(), context);
  CompletionStyle style;
  style.model = completion->model;
  style.created = now_seconds();
  style.wants_usage = completion->wants_usage;
  style.left_out = completion->left_out;
  style.is_stream = completion->is_stream;
  auto chat = co_await make_chat(door->services, context, std::move(*model), std::move(*completion));
  if (!chat) co_return std::unexpected(chat.error());

  // From the look at the key to the run's start nothing is awaited: of two equal calls at once one starts it.
  const std::string body_hash = sha256_hex(request.body);
  std::shared_ptr<ChatRun> run;
  if (const auto* known = key.empty() ? nullptr : door->keys.find(key)) {
    if (known->body_hash != body_hash) {
      co_return make_error_reply(422, "idempotency_key_reused",
                                 "this Idempotency-Key came with another body before; use a new one",
                                 context.request_id);
    }
    run = door->services.chat_runs->find(known->run_id);
    style.created = known->created;
  } else {
    const OnDisconnect left = key.empty() ? OnDisconnect::cancel : OnDisconnect::go_on;
    run = start_run(*door, context, std::move(*chat), left);
    if (!key.empty()) door->keys.add(key, {body_hash, run->id(), style.created});
  }
  style.id = "chatcmpl-" + run->id();
  co_return co_await reply_with(std::move(run), std::move(context), std::move(style));
}

}  // namespace

void add_openai_routes(Router& router, ApiServices& services) {
  router.shape_errors("/v1/", make_openai_error);
  const auto door = std::make_shared<OpenaiDoor>(services, IdempotencyKeys(*services.chat_runs));

  // Some clients append a slash, and a redirect would lose the body of a POST.
  for (const char* path : {"/v1/models", "/v1/models/"}) {
    Route models;
    models.method = "GET";
    models.path = path;
    models.scopes = Scope::chat;
    models.handler = [door](RequestContext context, HttpRequest) { return get_models(door, std::move(context)); };
    router.add(std::move(models));
  }
  Route model;
  model.method = "GET";
  model.path = "/v1/models/{id}";
  model.scopes = Scope::chat;
  model.handler = [door](RequestContext context, HttpRequest request) {
    return get_model(door, std::move(context), std::move(request));
  };
  router.add(std::move(model));

  for (const char* path : {"/v1/chat/completions", "/v1/chat/completions/"}) {
    Route completions;
    completions.method = "POST";
    completions.path = path;
    completions.scopes = Scope::chat;
    completions.time_budget = kChatBudget + kReplyTime;
    completions.body_limit_bytes = 4 * 1024 * 1024;
    completions.handler = make_json_handler([door](RequestContext context, HttpRequest request, json::object body) {
      return post_completion(door, std::move(context), std::move(request), std::move(body));
    });
    router.add(std::move(completions));
  }
}

}  // namespace codehelper
