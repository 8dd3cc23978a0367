// How each part that the API depends on is, and what to do about one that is not well: `codehelper doctor`, GET
// /doctor.
#pragma once

#include <string>
#include <vector>

#include "codehelper/agents/web_search.hpp"
#include "codehelper/api/readiness.hpp"

namespace codehelper {

struct DoctorCheck {
  std::string subject;
  std::string state;  // what was found
  std::string fix;    // empty = all is well

  bool is_ok() const { return fix.empty(); }
};

class Doctor {
 public:
  struct Options {
    Readiness& readiness;             // outlives the doctor
    std::string runner_url = {};      // as it is set
    bool has_embedded_store = true;   // else Chroma
    WebSearch* web_search = nullptr;  // null = none is set; outlives the doctor
  };
  explicit Doctor(Options options) : options_(std::move(options)) {}

  /// Asks each part for something; a web search may be one that is paid for.
  Task<std::vector<DoctorCheck>> check(RequestContext context);

 private:
  Options options_;
};

}  // namespace codehelper
