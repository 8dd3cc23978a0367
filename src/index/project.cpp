#include "codehelper/index/project.hpp"

namespace codehelper {

namespace {

Result<std::filesystem::path> absolute_path(std::string_view path) {
  if (path.empty()) return fail(ErrorCode::invalid_input, "project_path is empty; give the path of a directory");
  if (path.contains('\0')) return fail(ErrorCode::invalid_input, "project_path holds a NUL byte");
  std::error_code error;
  auto absolute = std::filesystem::absolute(std::filesystem::path(path), error);
  if (error) return fail(ErrorCode::invalid_input, "project_path " + std::string(path) + ": " + error.message());
  return absolute;
}

/// Without "." and "..", and without a slash at the end.
std::filesystem::path lexically_normal_directory(const std::filesystem::path& path) {
  auto normal = path.lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

}  // namespace

Result<Project> open_project(std::string_view path) {
  const auto absolute = absolute_path(path);
  if (!absolute) return std::unexpected(absolute.error());
  std::error_code error;
  auto root = std::filesystem::canonical(*absolute, error);
  if (error) {
    return fail(ErrorCode::invalid_input,
                "project_path " + std::string(path) + " can't be opened here: " + error.message());
  }
  const bool is_directory = std::filesystem::is_directory(root, error);
  if (error) {
    return fail(ErrorCode::unavailable, "project_path " + std::string(path) + " can't be read: " + error.message());
  }
  if (!is_directory) {
    return fail(ErrorCode::invalid_input, "project_path " + std::string(path) + " is no directory");
  }
  return Project{std::string(path), std::move(root)};
}

Result<Project> name_project(std::string_view path) {
  const auto absolute = absolute_path(path);
  if (!absolute) return std::unexpected(absolute.error());
  std::error_code error;
  if (std::filesystem::exists(*absolute, error)) return open_project(path);
  return Project{std::string(path), lexically_normal_directory(*absolute)};
}

}  // namespace codehelper
