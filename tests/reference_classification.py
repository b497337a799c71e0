"""The slow, obvious versions of what isc.classification does on a Gram matrix."""

import numpy as np


def pair_distances(meshes, vertex_a, vertex_b):
    """Distances (clip, pair) of meshes (clip, vertex, axis), pair by pair."""
    return np.array(
        [
            [np.sqrt(((face[a].astype(float) - face[b]) ** 2).sum()) for a, b in zip(vertex_a, vertex_b, strict=True)]
            for face in meshes
        ]
    )


def squared_distances(features):
    """Squared distances (clip, clip) of features (clip, feature), clip by clip, in float64."""
    features = features.astype(float)
    return np.array([[((x - y) ** 2).sum() for y in features] for x in features])


def nearest(features, test, train):
    """Nearest training clip of each test clip; the first among equals."""
    features = features.astype(float)
    return np.array([train[np.argmin([((features[i] - features[j]) ** 2).sum() for j in train])] for i in test])


def predict_by_neighbours(features, labels, folds, k=1):
    """scikit-learn's brute neighbours, fold by fold (majority; of equally frequent classes the smallest)."""
    from sklearn.neighbors import KNeighborsClassifier

    predicted = np.empty_like(labels)
    for fold in np.unique(folds):
        test = folds == fold
        model = KNeighborsClassifier(k, algorithm="brute").fit(features[~test], labels[~test])
        predicted[test] = model.predict(features[test])
    return predicted


def predict_by_components(features, labels, folds, n_component):
    """scikit-learn's full PCA of the training clips, then 1-NN, fold by fold."""
    from sklearn.decomposition import PCA
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline

    predicted = np.empty_like(labels)
    for fold in np.unique(folds):
        test = folds == fold
        model = make_pipeline(PCA(n_component, svd_solver="full"), KNeighborsClassifier(1, algorithm="brute"))
        predicted[test] = model.fit(features[~test], labels[~test]).predict(features[test])
    return predicted


def subtract_reference(features, subject, used):
    """Features less the mean of the used clips of the same subject."""
    result = features.astype(float).copy()
    for name in np.unique(subject):
        own = subject == name
        result[own] -= features[own & used].mean(axis=0)
    return result
