/* python.exe as python.org has it: it hands its command line to the DLL beside it. The Pythons that
 * isapi-dll/windows/setup lays out have the DLL only. */
#include <stdio.h>
#include <windows.h>

int wmain(int argc, wchar_t **argv)
{
    HMODULE python = LoadLibraryW(PYTHON_DLL);
    int (*start)(int, wchar_t **) = NULL;
    if (python)
        start = (int (*)(int, wchar_t **))(void *)GetProcAddress(python, "Py_Main");
    if (!start) {
        fwprintf(stderr, L"%ls cannot be used: error %lu\n", PYTHON_DLL, GetLastError());
        return 3;
    }
    return start(argc, argv);
}
