#include "kubernetes_config.hpp"

#include <fmt/format.h>

#include "codehelper/base/base64.hpp"
#include "codehelper/base/json_fields.hpp"
#include "yaml_document.hpp"

namespace codehelper {

namespace json = boost::json;

namespace {

/// The object below a list's entry of that name, and the file it came from.
struct Entry {
  json::object fields;
  std::filesystem::path file;
  std::string place;  // "~/.kube/config: users[\"x\"].user"
};

struct Document {
  std::filesystem::path path;
  json::object root;
};

std::unexpected<Error> bad_field(std::string_view place, std::string_view field, std::string_view what) {
  return fail(ErrorCode::invalid_input, fmt::format("{}.{}: {}", place, field, what));
}

Result<std::string> read_text(const Entry& entry, std::string_view field) {
  auto text = optional_string(entry.fields, field);
  if (!text) return bad_field(entry.place, field, "must be text; put it in quotes");
  return text->value_or("");
}

Result<std::filesystem::path> read_path(const Entry& entry, std::string_view field) {
  auto text = read_text(entry, field);
  if (!text) return std::unexpected(std::move(text.error()));
  if (text->empty()) return std::filesystem::path();
  return (entry.file.parent_path() / *text).lexically_normal();
}

// `name` holds a path, `name`-data the content in base64.
Result<FileOrData> read_file_or_data(const Entry& entry, std::string_view name) {
  FileOrData found;
  auto file = read_path(entry, name);
  if (!file) return std::unexpected(std::move(file.error()));
  found.file = std::move(*file);
  const std::string data_field = fmt::format("{}-data", name);
  const auto data = read_text(entry, data_field);
  if (!data) return std::unexpected(data.error());
  if (data->empty()) return found;
  auto decoded = decode_base64(*data);
  if (!decoded) return bad_field(entry.place, data_field, "is no base64");
  found.data = std::move(*decoded);
  return found;
}

Result<std::vector<Document>> parse_documents(std::span<const KubeconfigFile> files) {
  std::vector<Document> documents;
  for (const KubeconfigFile& file : files) {
    auto root = parse_yaml_object(file.text);
    if (!root) return fail_with_context(file.path.string(), std::move(root.error()));
    documents.push_back({file.path, std::move(*root)});
  }
  return documents;
}

/// `list`: "clusters", "users" or "contexts"; `member`: the same in the singular. The first file that has `name`
/// counts.
Result<Entry> find_entry(const std::vector<Document>& documents, std::string_view list, std::string_view name) {
  const std::string_view member = list.substr(0, list.size() - 1);
  for (const Document& document : documents) {
    const json::value* entries = document.root.if_contains(list);
    if (entries == nullptr || entries->is_null()) continue;
    if (!entries->is_array()) return bad_field(document.path.string(), list, "must be a list");
    for (const json::value& item : entries->as_array()) {
      const json::value* item_name = item.is_object() ? item.as_object().if_contains("name") : nullptr;
      if (item_name == nullptr || !item_name->is_string() || item_name->as_string() != name) continue;
      Entry entry{{}, document.path, fmt::format("{}: {}[\"{}\"].{}", document.path.string(), list, name, member)};
      const json::value* fields = item.as_object().if_contains(member);
      if (fields == nullptr || fields->is_null()) return entry;
      if (!fields->is_object()) return fail(ErrorCode::invalid_input, entry.place + ": must be a mapping");
      entry.fields = fields->as_object();
      return entry;
    }
  }
  return fail(ErrorCode::invalid_input, fmt::format("{}: there is no entry \"{}\" in {}; see kubectl config view",
                                                    documents.front().path.string(), name, list));
}

Result<std::string> find_current_context(const std::vector<Document>& documents) {
  for (const Document& document : documents) {
    const auto name = optional_string(document.root, "current-context");
    if (!name) return bad_field(document.path.string(), "current-context", "must be text");
    if (*name && !(*name)->empty()) return **name;
  }
  return fail(ErrorCode::invalid_input, documents.front().path.string() +
                                            ": current-context is missing; choose one with kubectl config use-context");
}

Result<void> read_cluster(const Entry& cluster, KubernetesAccess& access) {
  auto server = read_text(cluster, "server");
  if (!server) return std::unexpected(std::move(server.error()));
  if (server->empty()) return bad_field(cluster.place, "server", "is missing");
  access.server = std::move(*server);
  const auto proxy = read_text(cluster, "proxy-url");
  if (!proxy) return std::unexpected(proxy.error());
  if (!proxy->empty())
    return bad_field(cluster.place, "proxy-url", "is not supported; reach the server without a proxy");
  auto ca = read_file_or_data(cluster, "certificate-authority");
  if (!ca) return std::unexpected(std::move(ca.error()));
  access.ca = std::move(*ca);
  auto server_name = read_text(cluster, "tls-server-name");
  if (!server_name) return std::unexpected(std::move(server_name.error()));
  access.server_name = std::move(*server_name);
  const auto is_insecure = optional_bool(cluster.fields, "insecure-skip-tls-verify");
  if (!is_insecure) return bad_field(cluster.place, "insecure-skip-tls-verify", "must be true or false");
  if (!is_insecure->value_or(false)) return {};
  if (!access.ca.is_empty()) {
    return bad_field(cluster.place, "insecure-skip-tls-verify", "contradicts certificate-authority; drop one of them");
  }
  access.peer = TlsOptions::Peer::anybody;
  return {};
}

Result<ExecPlugin> read_exec(const Entry& user, const json::object& fields) {
  const Entry exec{fields, user.file, user.place + ".exec"};
  ExecPlugin plugin;
  auto command = read_text(exec, "command");
  if (!command) return std::unexpected(std::move(command.error()));
  if (command->empty()) return bad_field(exec.place, "command", "is missing");
  plugin.command = std::move(*command);
  if (plugin.command.contains('/')) plugin.command = (exec.file.parent_path() / plugin.command).lexically_normal();
  auto api_version = read_text(exec, "apiVersion");
  if (!api_version) return std::unexpected(std::move(api_version.error()));
  if (!api_version->starts_with("client.authentication.k8s.io/v1")) {
    return bad_field(exec.place, "apiVersion", "must be client.authentication.k8s.io/v1 or v1beta1");
  }
  plugin.api_version = std::move(*api_version);
  auto arguments = optional_strings(exec.fields, "args");
  if (!arguments) return bad_field(exec.place, "args", "must be a list of texts");
  plugin.arguments = arguments->value_or(std::vector<std::string>());
  auto hint = read_text(exec, "installHint");
  if (!hint) return std::unexpected(std::move(hint.error()));
  plugin.install_hint = std::move(*hint);
  const auto wants_cluster = optional_bool(exec.fields, "provideClusterInfo");
  if (!wants_cluster || wants_cluster->value_or(false)) {
    return bad_field(exec.place, "provideClusterInfo", "is not supported; leave it out");
  }
  const json::value* env = exec.fields.if_contains("env");
  if (env == nullptr || env->is_null()) return plugin;
  if (!env->is_array()) return bad_field(exec.place, "env", "must be a list");
  for (const json::value& item : env->as_array()) {
    const json::object fields_of_item = item.is_object() ? item.as_object() : json::object();
    const auto name = required_string(fields_of_item, "name");
    const auto value = required_string(fields_of_item, "value");
    if (!name || !value) return bad_field(exec.place, "env", "each entry needs name and value, both texts");
    plugin.env[*name] = *value;
  }
  return plugin;
}

Result<void> read_user(const Entry& user, KubernetesAccess& access) {
  for (const auto& [field, target] :
       {std::pair{"token", &access.token}, {"username", &access.username}, {"password", &access.password}}) {
    auto text = read_text(user, field);
    if (!text) return std::unexpected(std::move(text.error()));
    *target = std::move(*text);
  }
  auto token_file = read_path(user, "tokenFile");
  if (!token_file) return std::unexpected(std::move(token_file.error()));
  access.token_file = std::move(*token_file);
  for (const auto& [field, target] :
       {std::pair{"client-certificate", &access.client_certificate}, {"client-key", &access.client_key}}) {
    auto found = read_file_or_data(user, field);
    if (!found) return std::unexpected(std::move(found.error()));
    *target = std::move(*found);
  }
  if (access.client_certificate.is_empty() != access.client_key.is_empty()) {
    return fail(ErrorCode::invalid_input,
                user.place + ": client-certificate and client-key belong together; give both");
  }
  if (user.fields.contains("auth-provider")) {
    return bad_field(user.place, "auth-provider", "is not supported, and no longer by kubectl; use exec or a token");
  }
  const json::value* exec = user.fields.if_contains("exec");
  if (exec == nullptr || exec->is_null()) return {};
  if (!exec->is_object()) return bad_field(user.place, "exec", "must be a mapping");
  auto plugin = read_exec(user, exec->as_object());
  if (!plugin) return std::unexpected(std::move(plugin.error()));
  access.exec = std::move(*plugin);
  return {};
}

}  // namespace

Result<KubernetesAccess> parse_kubeconfig(std::span<const KubeconfigFile> files) {
  if (files.empty()) return fail(ErrorCode::invalid_input, "KUBECONFIG names no file that is there");
  const auto documents = parse_documents(files);
  if (!documents) return std::unexpected(documents.error());
  const auto name = find_current_context(*documents);
  if (!name) return std::unexpected(name.error());
  const auto context = find_entry(*documents, "contexts", *name);
  if (!context) return std::unexpected(context.error());

  KubernetesAccess access;
  access.source = fmt::format("{}, context \"{}\"", context->file.string(), *name);
  auto default_namespace = read_text(*context, "namespace");
  if (!default_namespace) return std::unexpected(std::move(default_namespace.error()));
  access.default_namespace = std::move(*default_namespace);
  const auto cluster_name = read_text(*context, "cluster");
  if (!cluster_name) return std::unexpected(cluster_name.error());
  const auto cluster = find_entry(*documents, "clusters", *cluster_name);
  if (!cluster) return std::unexpected(cluster.error());
  auto read = read_cluster(*cluster, access);
  if (!read) return std::unexpected(std::move(read.error()));
  const auto user_name = read_text(*context, "user");
  if (!user_name) return std::unexpected(user_name.error());
  if (user_name->empty()) return access;  // nobody in particular
  const auto user = find_entry(*documents, "users", *user_name);
  if (!user) return std::unexpected(user.error());
  read = read_user(*user, access);
  if (!read) return std::unexpected(std::move(read.error()));
  return access;
}

std::vector<std::filesystem::path> split_kubeconfig_paths(std::string_view list) {
  std::vector<std::filesystem::path> paths;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(':'), list.size());
    if (end > 0) paths.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return paths;
}

KubernetesAccess make_in_cluster_access(std::string_view host, std::string_view port,
                                        const std::filesystem::path& folder) {
  KubernetesAccess access;
  access.source = folder.string();
  const bool is_ipv6 = host.contains(':');
  access.server = fmt::format("https://{}{}{}:{}", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", port);
  access.ca.file = folder / "ca.crt";
  access.token_file = folder / "token";
  return access;
}

}  // namespace codehelper
