// What every LanguageModel must do. An adapter joins the suite by an entry in language_model_apis() and a dialect of
// ModelDouble.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "support/model_double.hpp"

namespace codehelper::test {

std::vector<ModelApi> language_model_apis();

/// A double, a model that asks it, and what was streamed.
struct ModelBench {
  explicit ModelBench(ModelApi api, LanguageModelOptions options = {});

  Result<ModelReply> ask(ModelRequest request);
  Result<ModelReply> ask(std::string question) {
    ModelRequest request;
    request.messages.push_back({MessageRole::user, std::move(question)});
    return ask(std::move(request));
  }

  EventLoop loop{1};
  ModelDouble server;
  std::unique_ptr<HttpClient> client;
  std::unique_ptr<LanguageModel> model;
  std::vector<std::string> pieces;
  RequestContext context{.request_id = "test"};
};

}  // namespace codehelper::test
