// How each part that the API depends on is, and what to do about one that is not well: `codehelper doctor`, GET
// /doctor.
#pragma once

#include <string>
#include <vector>

#include "codehelper/agents/language_model.hpp"
#include "codehelper/agents/web_search.hpp"
#include "codehelper/api/readiness.hpp"
#include "codehelper/index/embedder.hpp"
#include "codehelper/net/http_client.hpp"

namespace codehelper {

struct DoctorCheck {
  std::string subject;
  std::string state;  // what was found
  std::string fix;    // empty = all is well

  bool is_ok() const { return fix.empty(); }
};

enum class DoctorDepth {
  quick,
  thorough,  // has the model answer, call a tool and read a long prompt, and the embedder make vectors, which takes
             // time and may be paid for
};

class Doctor {
 public:
  struct Options {
    Readiness& readiness;             // outlives the doctor
    std::string runner_url = {};      // as it is set
    bool has_embedded_store = true;   // else Chroma
    HttpClient* runner = nullptr;     // asked for its confinement; null = not asked; outlives the doctor
    LanguageModel* model = nullptr;   // null = none is set; outlives the doctor
    Embedder* embedder = nullptr;     // a server's; null = the built-in one; outlives the doctor
    WebSearch* web_search = nullptr;  // null = none is set; outlives the doctor
  };
  explicit Doctor(Options options) : options_(std::move(options)) {}

  /// Asks each part for something; a web search may be one that is paid for.
  Task<std::vector<DoctorCheck>> check(RequestContext context, DoctorDepth depth);

 private:
  Options options_;
};

}  // namespace codehelper
