#include "codehelper/api/openapi.hpp"
#include "codehelper/api/routes.hpp"

namespace codehelper {

void add_api_routes(Router& router, ApiServices& services) {
  add_readiness_routes(router, services);
  add_doctor_routes(router, services);
  add_project_routes(router, services);
  add_file_routes(router, services);
  add_search_routes(router, services);
  add_symbols_routes(router, services);
  add_chat_routes(router, services);
  add_conversation_routes(router, services);
  add_run_routes(router, services);
  add_openai_routes(router, services);
  add_openapi_routes(router);
}

}  // namespace codehelper
