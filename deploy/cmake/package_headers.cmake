# Run by cpack when the package is made: its three parts are in it with the rights that the umask left them; they get the usual.
execute_process(
  COMMAND ${CMAKE_COMMAND} -E env LC_ALL=C sed -i -E
    "s/((debian-binary|(control|data)[.]tar[.][a-z]+) +[0-9]+ +[0-9]+ +[0-9]+ +100)[0-7]{3} /\\1644 /"
    ${CPACK_PACKAGE_FILES}
  COMMAND_ERROR_IS_FATAL ANY)
