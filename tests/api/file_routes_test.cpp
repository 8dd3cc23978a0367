// GET /files, GET /directories and GET /project/skipped.
#include <catch2/catch.hpp>

#include <set>

#include "api/api_fixture.hpp"

using namespace codehelper;
using codehelper::test::ApiAnswer;
using codehelper::test::ApiFixture;
namespace json = boost::json;

namespace {

struct FileFixture : ApiFixture {
  FileFixture() {
    folder.write("repo/.gitignore", "*.log\nout/\n");
    folder.write("repo/.env", "PASSWORD=hunter2\n");
    folder.write("repo/debug.log", "noise\n");
    folder.write("repo/out/made.py", "x = 1\n");
    folder.write("repo/picture.bin", std::string_view("a\0b", 3));
    folder.write("repo/long.py", "one = 1\ntwo = 2\nthree = 3\nfour = 4");
    folder.write("work/.hidden/x", "");
    folder.write("work/alpha/x", "");
    folder.write("work/alpine/x", "");
    folder.write("work/alto.txt", "");
  }
  ApiAnswer get(const std::string& target) { return call(HttpCall{.method = "GET", .target = target}); }
  ApiAnswer get_file(const std::string& rest) { return get("/files?project_path=" + repo() + "&" + rest); }
  json::array complete(const std::string& prefix) {
    return get("/directories?prefix=" + prefix).json().at("directories").as_array();
  }
  json::object get_skipped(const std::string& rest = "") {
    return get("/project/skipped?project_path=" + repo() + rest).json();
  }
  std::string work() const { return (folder.path() / "work").string(); }
};

}  // namespace

TEST_CASE_METHOD(FileFixture, "files: the lines that are asked for come with their numbers and the language") {
  const ApiAnswer some = get_file("path=long.py&start_line=2&end_line=3");
  const ApiAnswer rest = get_file("path=./long.py&start_line=3&end_line=900");
  const ApiAnswer all = get_file("path=long.py");

  REQUIRE(some.status == 200);
  CHECK(some.json() == json::object{{"path", "long.py"},
                                    {"start_line", 2},
                                    {"end_line", 3},
                                    {"total_lines", 4},
                                    {"text", "two = 2\nthree = 3\n"},
                                    {"language", "python"}});
  CHECK(rest.json().at("end_line") == 4);
  CHECK(rest.json().at("text") == "three = 3\nfour = 4");
  CHECK(all.json().at("text") == "one = 1\ntwo = 2\nthree = 3\nfour = 4");
}

TEST_CASE_METHOD(FileFixture, "files: what the index refuses isn't shown, and the reason is told") {
  const std::vector<std::pair<std::string, std::string>> examples = {
      {".env", "secret"}, {"debug.log", "*.log"}, {"out/made.py", "out/"}, {"picture.bin", "binary"}};
  for (const auto& [path, reason] : examples) {
    const ApiAnswer answer = get_file("path=" + path);

    CAPTURE(path, answer.text);
    CHECK(answer.status == 403);
    CHECK(answer.json().at("error") == "not_shown");
    CHECK_THAT(answer.text, Catch::Contains(reason));
    CHECK_THAT(answer.text, !Catch::Contains("hunter2"));
  }
}

TEST_CASE_METHOD(FileFixture, "files: secrets in what is shown are masked, whichever lines are asked for") {
  folder.write("repo/keys.py",
               "a = 1\nkey = '''-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7Tp3aXo0bUqkW1u9\n"
               "-----END RSA PRIVATE KEY-----'''\nb = 2\n");

  const ApiAnswer middle = get_file("path=keys.py&start_line=3&end_line=3");
  const ApiAnswer after = get_file("path=keys.py&start_line=5&end_line=5");

  CHECK_THAT(middle.text, !Catch::Contains("MIIEpAIBAAKCAQEA7Tp3aXo0bUqkW1u9"));
  CHECK((middle.status == 200 || middle.status == 403));
  if (after.status == 200) CHECK(after.json().at("text") == "b = 2\n");
}

TEST_CASE_METHOD(FileFixture, "files: nothing outside the project is shown") {
  folder.write("outside.py", "secret = 1\n");
  std::filesystem::create_symlink(folder.path() / "outside.py", folder.path() / "repo/link.py");
  for (const std::string& path : {std::string("../outside.py"), (folder.path() / "outside.py").string(),
                                  std::string("link.py"), std::string("nowhere.py"), std::string("tests")}) {
    const ApiAnswer answer = get_file("path=" + path);

    CAPTURE(path, answer.text);
    CHECK(answer.status >= 400);
    CHECK(answer.status < 500);
    CHECK_THAT(answer.text, !Catch::Contains("secret = 1"));
  }
}

TEST_CASE_METHOD(FileFixture, "files: a wrong query is refused and the field is named") {
  const std::vector<std::pair<std::string, std::string>> examples = {
      {"start_line=1", "path"},
      {"path=long.py&start_line=0", "start_line"},
      {"path=long.py&start_line=x", "start_line"},
      {"path=long.py&start_line=3&end_line=2", "end_line"}};
  for (const auto& [query, field] : examples) {
    const ApiAnswer answer = get_file(query);

    CAPTURE(query);
    CHECK(answer.status == 422);
    CHECK_THAT(answer.text, Catch::Contains("\\\"" + field + "\\\""));
  }
  const ApiAnswer beyond = get_file("path=long.py&start_line=5");
  CHECK(beyond.status == 400);
  CHECK_THAT(beyond.text, Catch::Contains("4 lines"));
}

TEST_CASE_METHOD(FileFixture, "directories: folders that go on from the prefix, no files, hidden ones when asked for") {
  CHECK(complete(work() + "/al") == json::array{work() + "/alpha", work() + "/alpine"});
  CHECK(complete(work() + "/") == json::array{work() + "/alpha", work() + "/alpine"});
  CHECK(complete(work() + "/.") == json::array{work() + "/.hidden"});
  CHECK(complete(work() + "/nothing").empty());
  CHECK(complete("relative").empty());
}

TEST_CASE_METHOD(FileFixture, "directories: nothing outside the allowed root is told but the way down to it") {
  std::filesystem::create_directory_symlink("/usr", folder.path() / "work/system");

  CHECK(complete("") == json::array{folder.path().string()});
  CHECK(complete("/usr/").empty());
  CHECK(complete(work() + "/../../").size() <= 1);
  CHECK(complete(work() + "/system").empty());
  CHECK(complete(work() + "/system/").empty());
  const auto first = folder.path().begin();
  CHECK(complete("/") == json::array{"/" + std::next(first)->string()});
}

TEST_CASE_METHOD(FileFixture, "skipped: each with its reason and the rule, in pages") {
  const json::object all = get_skipped();
  const json::object page = get_skipped("&limit=2&offset=1");

  REQUIRE(all.at("total") == 4);
  const json::array& skipped = all.at("skipped").as_array();
  CHECK(skipped.at(0) == json::object{{"path", ".env"}, {"reason", "secret"}, {"detail", "by its name"}});
  CHECK(skipped.at(1).at("path") == "debug.log");
  CHECK(skipped.at(1).at("rule") == json::object{{"pattern", "*.log"}, {"file", ".gitignore"}, {"line", 1}});
  CHECK(skipped.at(2).at("path") == "out/");
  CHECK(skipped.at(3).at("reason") == "binary");
  CHECK(page.at("total") == 4);
  CHECK(page.at("skipped") == json::array{skipped.at(1), skipped.at(2)});
  CHECK(get_skipped("&offset=9").at("skipped").as_array().empty());
  CHECK(get("/project/skipped?project_path=" + repo() + "&limit=0").status == 422);
}
