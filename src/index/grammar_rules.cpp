#include <array>

#include "grammar.hpp"

extern "C" {
const TSLanguage* tree_sitter_bash(void);
const TSLanguage* tree_sitter_c(void);
const TSLanguage* tree_sitter_c_sharp(void);
const TSLanguage* tree_sitter_cpp(void);
const TSLanguage* tree_sitter_go(void);
const TSLanguage* tree_sitter_java(void);
const TSLanguage* tree_sitter_javascript(void);
const TSLanguage* tree_sitter_kotlin(void);
const TSLanguage* tree_sitter_lua(void);
const TSLanguage* tree_sitter_php(void);
const TSLanguage* tree_sitter_python(void);
const TSLanguage* tree_sitter_ruby(void);
const TSLanguage* tree_sitter_rust(void);
const TSLanguage* tree_sitter_swift(void);
const TSLanguage* tree_sitter_tsx(void);
const TSLanguage* tree_sitter_typescript(void);
const TSLanguage* tree_sitter_zig(void);
}

namespace codehelper {

namespace {

using enum NodeRole;

constexpr auto kBash = std::to_array<NodeRule>({
    {"comment", attached},
    {"declaration_command", wrapper},
    {"function_definition", function},
    {"variable_assignment", value},
});

// For C and C++.
constexpr auto kCpp = std::to_array<NodeRule>({
    {"access_specifier", attached},
    {"alias_declaration", type},
    {"class_specifier", container},
    {"comment", attached},
    {"concept_definition", type},
    {"declaration", value},
    {"declaration_list", transparent},
    {"enum_specifier", container},
    {"field_declaration", value},
    {"function_definition", function},
    {"lambda_expression", opaque},
    {"linkage_specification", transparent},
    {"namespace_definition", transparent},
    {"preproc_def", type},
    {"preproc_elif", transparent},
    {"preproc_elifdef", transparent},
    {"preproc_else", transparent},
    {"preproc_function_def", type},
    {"preproc_if", transparent},
    {"preproc_ifdef", transparent},
    {"struct_specifier", container},
    {"template_declaration", wrapper},
    {"type_definition", type},
    {"union_specifier", container},
});

constexpr auto kCSharp = std::to_array<NodeRule>({
    {"class_declaration", container},       {"comment", attached},
    {"constructor_declaration", function},  {"declaration_list", transparent},
    {"delegate_declaration", type},         {"destructor_declaration", function},
    {"enum_declaration", container},        {"event_declaration", type},
    {"field_declaration", wrapper},         {"file_scoped_namespace_declaration", transparent},
    {"interface_declaration", container},   {"lambda_expression", opaque},
    {"local_function_statement", function}, {"method_declaration", function},
    {"namespace_declaration", transparent}, {"preproc_if", transparent},
    {"property_declaration", function},     {"record_declaration", container},
    {"struct_declaration", container},      {"variable_declaration", wrapper},
    {"variable_declarator", value},
});

constexpr auto kGo = std::to_array<NodeRule>({
    {"comment", attached},
    {"const_declaration", wrapper},
    {"const_spec", value},
    {"field_declaration_list", transparent},
    {"func_literal", opaque},
    {"function_declaration", function},
    {"interface_type", transparent},
    {"method_declaration", function},
    {"method_elem", function},
    {"struct_type", transparent},
    {"type_alias", type},
    {"type_declaration", wrapper},
    {"type_spec", container},
    {"var_declaration", wrapper},
    {"var_spec", value},
    {"var_spec_list", wrapper},
});

constexpr auto kJava = std::to_array<NodeRule>({
    {"annotation_type_declaration", container},
    {"block_comment", attached},
    {"class_declaration", container},
    {"compact_constructor_declaration", function},
    {"constant_declaration", value},
    {"constructor_declaration", function},
    {"enum_body_declarations", transparent},
    {"enum_declaration", container},
    {"field_declaration", value},
    {"interface_declaration", container},
    {"lambda_expression", opaque},
    {"line_comment", attached},
    {"method_declaration", function},
    {"record_declaration", container},
});

constexpr auto kKotlin = std::to_array<NodeRule>({
    {"annotated_lambda", opaque},
    {"block_comment", attached},
    {"block", transparent},
    {"class_body", transparent},
    {"class_declaration", container},
    {"companion_object", transparent},
    {"enum_class_body", transparent},
    {"file_annotation", attached},
    {"function_body", transparent},
    {"function_declaration", function},
    {"lambda_literal", opaque},
    {"line_comment", attached},
    {"object_declaration", container},
    {"property_declaration", value},
    {"type_alias", type},
});

constexpr auto kLua = std::to_array<NodeRule>({
    {"assignment_statement", value},
    {"comment", attached},
    {"field", value},
    {"function_declaration", function},
    {"function_definition", opaque},
    {"variable_declaration", wrapper},
});

// For JavaScript and TypeScript.
constexpr auto kTypeScript = std::to_array<NodeRule>({
    {"abstract_class_declaration", container},
    {"abstract_method_signature", function},
    {"ambient_declaration", wrapper},
    {"arrow_function", opaque},
    {"assignment_expression", value},
    {"class_declaration", container},
    {"comment", attached},
    {"decorator", attached},
    {"enum_declaration", container},
    {"export_statement", wrapper},
    {"expression_statement", wrapper},
    {"field_definition", value},
    {"for_in_statement", opaque},
    {"for_statement", opaque},
    {"function_declaration", function},
    {"function_expression", opaque},
    {"function_signature", function},
    {"generator_function_declaration", function},
    {"interface_declaration", container},
    {"internal_module", container},
    {"lexical_declaration", wrapper},
    {"method_definition", function},
    {"method_signature", function},
    {"module", container},
    {"pair", value},
    {"public_field_definition", value},
    {"type_alias_declaration", type},
    {"variable_declaration", wrapper},
    {"variable_declarator", value},
});

constexpr auto kPhp = std::to_array<NodeRule>({
    {"anonymous_function", opaque},
    {"arrow_function", opaque},
    {"class_declaration", container},
    {"comment", attached},
    {"const_declaration", wrapper},
    {"const_element", type},
    {"enum_declaration", container},
    {"function_definition", function},
    {"interface_declaration", container},
    {"method_declaration", function},
    {"namespace_definition", transparent},
    {"trait_declaration", container},
});

constexpr auto kPython = std::to_array<NodeRule>({
    {"assignment", value},
    {"class_definition", container},
    {"comment", attached},
    {"decorated_definition", wrapper},
    {"expression_statement", wrapper},
    {"function_definition", function},
    {"lambda", opaque},
    {"type_alias_statement", type},
});

constexpr auto kRuby = std::to_array<NodeRule>({
    {"assignment", value},
    {"body_statement", transparent},
    {"class", container},
    {"comment", attached},
    {"method", function},
    {"module", container},
    {"singleton_class", transparent},
    {"singleton_method", function},
});

constexpr auto kRust = std::to_array<NodeRule>({
    {"associated_type", type},   {"attribute_item", attached},
    {"block_comment", attached}, {"closure_expression", opaque},
    {"const_item", type},        {"declaration_list", transparent},
    {"enum_item", container},    {"foreign_mod_item", transparent},
    {"function_item", function}, {"function_signature_item", function},
    {"impl_item", container},    {"line_comment", attached},
    {"macro_definition", type},  {"mod_item", container},
    {"static_item", type},       {"struct_item", container},
    {"trait_item", container},   {"type_item", type},
    {"union_item", container},
});

constexpr auto kSwift = std::to_array<NodeRule>({
    {"class_declaration", container},
    {"comment", attached},
    {"deinit_declaration", function},
    {"function_declaration", function},
    {"init_declaration", function},
    {"lambda_literal", opaque},
    {"multiline_comment", attached},
    {"property_declaration", value},
    {"protocol_declaration", container},
    {"protocol_function_declaration", function},
    {"protocol_property_declaration", type},
    {"subscript_declaration", function},
    {"typealias_declaration", type},
});

constexpr auto kZig = std::to_array<NodeRule>({
    {"comment", attached},
    {"enum_declaration", transparent},
    {"function_declaration", function},
    {"opaque_declaration", transparent},
    {"struct_declaration", transparent},
    {"test_declaration", opaque},
    {"union_declaration", transparent},
    {"variable_declaration", value},
});

constexpr auto kRules = std::to_array<GrammarRules>({
    {"bash", tree_sitter_bash, "::", "::", kBash},
    {"c", tree_sitter_c, "::", "::", kCpp},
    {"cpp", tree_sitter_cpp, "::", "::", kCpp},
    {"csharp", tree_sitter_c_sharp, ".", ".", kCSharp},
    {"go", tree_sitter_go, ".", ".", kGo},
    {"java", tree_sitter_java, ".", ".", kJava},
    {"javascript", tree_sitter_javascript, ".", ".", kTypeScript},
    {"kotlin", tree_sitter_kotlin, ".", ".", kKotlin},
    {"lua", tree_sitter_lua, ".", ".", kLua},
    {"php", tree_sitter_php, "::", "::", kPhp},
    {"python", tree_sitter_python, ".", ".", kPython},
    {"ruby", tree_sitter_ruby, "::", "#", kRuby},
    {"rust", tree_sitter_rust, "::", "::", kRust},
    {"swift", tree_sitter_swift, ".", ".", kSwift},
    {"tsx", tree_sitter_tsx, ".", ".", kTypeScript},
    {"typescript", tree_sitter_typescript, ".", ".", kTypeScript},
    {"zig", tree_sitter_zig, ".", ".", kZig},
});

}  // namespace

std::span<const GrammarRules> grammar_rules() {
  return kRules;
}

}  // namespace codehelper
