// Whether the embedding server does what an index needs.
#pragma once

#include "codehelper/api/doctor.hpp"
#include "codehelper/index/embedder.hpp"

namespace codehelper {

/// Asks for vectors of three short texts and a long one: all have the dimension, they come in the texts' order, texts
/// that differ get vectors that do, and as long a text as a chunk may be is taken. Errors are findings.
Task<DoctorCheck> check_embedder(RequestContext context, Embedder& embedder);

}  // namespace codehelper
