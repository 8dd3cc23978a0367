#include "openapi_schemas.hpp"

namespace codehelper {

namespace {

constexpr std::string_view kSchemas = R"json({
"Error": {"type":"object","required":["error","message","request_id"],"properties":{
  "error":{"type":"string"},"message":{"type":"string"},"request_id":{"type":"string"}}},
"OpenaiError": {"type":"object","required":["error"],"properties":{"error":{"type":"object",
  "required":["message","type","param","code"],"properties":{"message":{"type":"string"},"type":{"type":"string"},
  "param":{"type":["string","null"]},"code":{"type":"string"}}}}},
"Health": {"type":"object","required":["status"],"properties":{"status":{"const":"ok"}},"additionalProperties":false},
"DependencyState": {"enum":["ok","timeout","connection_error","error","not_configured"]},
"Readiness": {"type":"object","required":["ready","runner","chroma","llm"],"properties":{"ready":{"type":"boolean"},
  "runner":{"$ref":"#/components/schemas/DependencyState"},"chroma":{"$ref":"#/components/schemas/DependencyState"},
  "llm":{"$ref":"#/components/schemas/DependencyState"},"notes":{"type":"array","items":{"type":"string"}}}},
"Index": {"type":"object","required":["files","chunks","skipped","embedder","dimension","finished_at"],"properties":{
  "files":{"type":"integer"},"chunks":{"type":"integer"},"skipped":{"type":"integer"},
  "embedder":{"type":["string","null"]},"dimension":{"type":"integer"},"finished_at":{"type":["string","null"]},
  "changed_files":{"type":"integer"},"warming":{"type":"boolean"},"bytes_on_disk":{"type":"integer"}}},
"Project": {"type":"object","required":["project_path","pinned_repo","index_status","job_id","progress","index"],
  "properties":{"project_path":{"type":["string","null"]},"pinned_repo":{"type":["string","null"]},
  "index_status":{"enum":["idle","indexing","ready","failed"]},"job_id":{"type":["string","null"]},
  "progress":{"type":"object","properties":{"files_done":{"type":"integer"},"files_total":{"type":"integer"},
    "chunks":{"type":"integer"},"seconds":{"type":"number"},"files_per_second":{"type":"number"},
    "seconds_left":{"type":"number"}}},
  "index":{"$ref":"#/components/schemas/Index"},"cause":{"type":"string"},"detail":{"type":"string"},
  "stale":{"type":"boolean"},"stale_because":{"type":"string"}}},
"ProjectPost": {"type":"object","required":["project_path"],"properties":{"project_path":{"type":"string"},
  "pinned_repo":{"type":"string"},"reindex":{"type":"boolean"}}},
"Accepted": {"type":"object","required":["status","job_id"],"properties":{"status":{"const":"accepted"},
  "job_id":{"type":"string","pattern":"^ingest-[0-9a-f]{8}$"}}},
"Status": {"type":"object","required":["status"],"properties":{"status":{"type":"string"}}},
"Doctor": {"type":"object","required":["checks"],"properties":{"checks":{"type":"array","items":{"type":"object",
  "required":["subject","ok","state","fix"],"properties":{"subject":{"type":"string"},"ok":{"type":"boolean"},
  "state":{"type":"string"},"fix":{"type":"string"}}}}}},
"Skipped": {"type":"object","required":["skipped","total"],"properties":{"total":{"type":"integer"},
  "skipped":{"type":"array","items":{"type":"object","required":["path","reason"],"properties":{
    "path":{"type":"string"},"reason":{"type":"string"},"detail":{"type":"string"}}}}}},
"FileLines": {"type":"object","required":["path","start_line","end_line","total_lines","text","language"],
  "properties":{"path":{"type":"string"},"start_line":{"type":"integer"},"end_line":{"type":"integer"},
  "total_lines":{"type":"integer"},"text":{"type":"string"},"language":{"type":"string"}}},
"Directories": {"type":"object","required":["directories"],"properties":{"directories":{"type":"array",
  "items":{"type":"string"}}}},
"SearchPost": {"type":"object","required":["query"],"properties":{"query":{"type":"string"},
  "project_path":{"type":"string"},"limit":{"type":"integer","minimum":1,"maximum":200}}},
"Hits": {"type":"object","required":["hits","index"],"properties":{"hits":{"type":"array","items":{"type":"object",
  "required":["path","start_line","end_line","text","score","language"],"properties":{"path":{"type":"string"},
  "start_line":{"type":"integer","minimum":1},"end_line":{"type":"integer","minimum":1},"text":{"type":"string"},
  "symbol":{"type":"string"},"score":{"type":"number"},"language":{"type":"string"}}}},
  "index":{"$ref":"#/components/schemas/Index"},"notes":{"type":"array","items":{"type":"string"}},
  "explain":{"type":"object"}}},
"SymbolsPost": {"type":"object","required":["name"],"properties":{"name":{"type":"string"},
  "project_path":{"type":"string"},"limit":{"type":"integer","minimum":1,"maximum":1000}}},
"Symbols": {"type":"object","required":["definitions","references","definition_count","reference_count","complete"],
  "properties":{"definitions":{"type":"array","items":{"type":"object",
    "required":["path","line","end_line","kind","symbol","signature"],"properties":{"path":{"type":"string"},
    "line":{"type":"integer"},"end_line":{"type":"integer"},"kind":{"type":"string"},"symbol":{"type":"string"},
    "signature":{"type":"string"}}}},
  "references":{"type":"array","items":{"type":"object","required":["path","line","text"],"properties":{
    "path":{"type":"string"},"line":{"type":"integer"},"text":{"type":"string"}}}},
  "definition_count":{"type":"integer"},"reference_count":{"type":"integer"},"complete":{"type":"boolean"}}},
"ChatPost": {"type":"object","required":["message"],"properties":{"message":{"type":"string"},
  "project_path":{"type":"string"},"pinned_repo":{"type":"string"},"conversation_id":{"type":"string"},
  "attachments":{"type":"array","maxItems":32,"items":{"anyOf":[{"type":"string"},{"type":"object","required":["text"],
    "properties":{"name":{"type":"string"},"text":{"type":"string"}}}]}},
  "on_disconnect":{"enum":["cancel","continue"]}}},
"Receipt": {"type":"object","required":["run_id","argv","exit_code","timed_out","duration_seconds","tests_outcome",
  "tests","stdout_sha256","stderr_sha256"],"properties":{"run_id":{"type":"string"},
  "argv":{"type":"array","items":{"type":"string"}},"exit_code":{"type":"integer"},"timed_out":{"type":"boolean"},
  "duration_seconds":{"type":"number"},"tests_outcome":{"enum":["passed","failed","no_tests","unknown"]},
  "tests":{"type":["object","null"]},"stdout_sha256":{"type":"string"},"stderr_sha256":{"type":"string"}}},
"ChatAnswer": {"type":"object","required":["response","sources","steps","conversation_id","outcome","model","usage",
  "edits","receipts","notes"],"properties":{"response":{"type":"string"},"run_id":{"type":"string"},
  "sources":{"type":"array","items":{"type":"object","required":["path","start_line","end_line","score","verified"],
    "properties":{"path":{"type":"string"},"start_line":{"type":"integer"},"end_line":{"type":"integer"},
    "score":{"type":"number"},"verified":{"type":"boolean"},"text":{"type":"string"},"language":{"type":"string"}}}},
  "steps":{"type":"array","items":{"type":"object","required":["role","action","outcome"],"properties":{
    "role":{"type":"string"},"action":{"type":"string"},"outcome":{"type":"string"},"seconds":{"type":"number"}}}},
  "conversation_id":{"type":"string"},"outcome":{"type":"string"},"model":{"type":["string","null"]},
  "usage":{"type":["object","null"]},"edits":{"type":"array","items":{"type":"object",
    "required":["patch","applies","files"]}},
  "receipts":{"type":"array","items":{"$ref":"#/components/schemas/Receipt"}},
  "notes":{"type":"array","items":{"type":"string"}},"index":{"$ref":"#/components/schemas/Index"}}},
"EventStream": {"type":"string","description":"server-sent events; the last one is \"done\" with the whole answer, or \"error\""},
"ConversationSummary": {"type":"object","required":["id","title","project_path","updated_at","turns"],"properties":{
  "id":{"type":"string"},"title":{"type":"string"},"project_path":{"type":["string","null"]},
  "updated_at":{"type":"string"},"turns":{}}},
"Conversations": {"type":"object","required":["conversations"],"properties":{"conversations":{"type":"array",
  "items":{"$ref":"#/components/schemas/ConversationSummary"}}}},
"Conversation": {"allOf":[{"$ref":"#/components/schemas/ConversationSummary"},{"type":"object","properties":{
  "turns":{"type":"array","items":{"type":"object","required":["question","answer","finished_at"],"properties":{
    "question":{"type":"string"},"answer":{"type":"object"},"finished_at":{"type":"string"}}}}}}]},
"ConversationPatch": {"type":"object","required":["title"],"properties":{"title":{"type":"string"}}},
"RunPost": {"type":"object","required":["project_path","action"],"properties":{"project_path":{"type":"string"},
  "action":{"enum":["run_tests","verify"]},"command":{"type":"array","items":{"type":"string"},"minItems":1},
  "patch":{"type":"string","description":"a unified diff, for verify: it is tried on a copy"},
  "message":{"type":"string","description":"what the patch is for"}}},
"Run": {"type":"object","required":["success","exit_code","summary","stdout","stderr","duration_seconds"],"properties":{
  "success":{"type":"boolean"},"exit_code":{"type":"integer"},"summary":{"type":"string"},"stdout":{"type":"string"},
  "stderr":{"type":"string"},"duration_seconds":{"type":"number"},"timed_out":{"type":"boolean"},
  "tests_outcome":{"enum":["passed","failed","no_tests","unknown"]},
  "command":{"type":"array","items":{"type":"string"}},"tests":{"type":"object"},
  "receipt":{"$ref":"#/components/schemas/Receipt"},"patch":{"type":"string"},"attempts":{"type":"array"}}},
"Model": {"type":"object","required":["id","object","created","owned_by"],"properties":{"id":{"type":"string"},
  "object":{"const":"model"},"created":{"type":"integer"},"owned_by":{"type":"string"}}},
"Models": {"type":"object","required":["object","data"],"properties":{"object":{"const":"list"},
  "data":{"type":"array","items":{"$ref":"#/components/schemas/Model"}}}},
"CompletionPost": {"type":"object","required":["model","messages"],"properties":{"model":{"type":"string"},
  "messages":{"type":"array","minItems":1,"items":{"type":"object","required":["role"],"properties":{
    "role":{"enum":["system","developer","user","assistant","tool","function"]},
    "content":{"type":["string","array","null"]}}}},
  "stream":{"type":"boolean"},"stream_options":{"type":"object"},"n":{"const":1}}},
"Completion": {"type":"object","required":["id","object","created","model","choices","usage"],"properties":{
  "id":{"type":"string"},"object":{"const":"chat.completion"},"created":{"type":"integer"},"model":{"type":"string"},
  "choices":{"type":"array","minItems":1,"maxItems":1,"items":{"type":"object",
    "required":["index","message","finish_reason"],"properties":{"index":{"const":0},
    "message":{"type":"object","required":["role","content"],"properties":{"role":{"const":"assistant"},
      "content":{"type":"string"}}},"finish_reason":{"enum":["stop","length","content_filter"]}}}},
  "usage":{"type":"object","required":["prompt_tokens","completion_tokens","total_tokens"]}}},
"McpMessage": {"type":"object","required":["jsonrpc"],"properties":{"jsonrpc":{"const":"2.0"},
  "id":{"type":["string","integer","null"]},"method":{"type":"string"},"params":{"type":"object"},
  "result":{"type":"object"},"error":{"type":"object","required":["code","message"]}}},
"McpForbidden": {"anyOf":[{"$ref":"#/components/schemas/McpMessage"},{"$ref":"#/components/schemas/Error"}]}
})json";

}  // namespace

std::string_view openapi_schemas() {
  return kSchemas;
}

}  // namespace codehelper
